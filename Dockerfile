# docker build -t classification-studio . && docker run -p 8501:8501 -v studio:/var/studio classification-studio
#
# Debian's own Python, everything in one virtual environment, and the studio as a user who can write
# to /var/studio alone: the bundled models cannot be changed.

FROM debian:bookworm-slim AS packages
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements.txt constraints.txt ./
# The same TensorFlow without its code for graphics cards; the headers and tests that some packages
# bring along are for those who build upon them.
RUN sed -i 's/^tensorflow==/tensorflow-cpu==/' requirements.txt constraints.txt \
    && python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt \
    && cd /opt/venv/lib/python3.11/site-packages \
    && rm -rf tensorflow/include clang pip pip-*.dist-info \
    && find . -type d -name tests -prune -exec rm -rf {} + \
    && find tensorflow -name '*.so*' -type f -size +1M -exec strip --strip-unneeded {} +

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 studio \
    && install -d -o studio -g studio /var/studio/runs /var/studio/data /var/studio/work
COPY --from=packages /opt/venv /opt/venv
COPY . /studio
WORKDIR /studio
RUN python3 -m compileall -q app.py core pages
ENV PATH=/opt/venv/bin:$PATH \
    PORT=8501 \
    PYTHONUNBUFFERED=1 \
    STUDIO_RUNS_DIR=/var/studio/runs \
    STUDIO_DATA_DIR=/var/studio/data \
    STUDIO_WORK_DIR=/var/studio/work
USER studio
VOLUME /var/studio
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD python3 -c "import os, urllib.request as r; r.urlopen('http://localhost:' + os.environ['PORT'] + '/_stcore/health', timeout=4)"
CMD exec streamlit run app.py --server.port "$PORT" --server.address 0.0.0.0 --server.headless true
