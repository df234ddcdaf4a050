"""What stands on a page that AppTest has run, and what happens to jobs it submits."""

from streamlit.testing.v1 import AppTest

from core import jobs
from core.errors import StudioError
from core.jobs import KINDS, Job
from core.jobs.job import write_status
from core.progress import Reporter


def plain(text: str) -> str:
    """Markdown as it is read: without what makes it bold or keeps signs from having a meaning."""
    return text.replace("\\", "").replace("**", "")


def texts(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.error, page.info, page.success, page.warning)
    return plain("\n".join(element.value for kind in kinds for element in kind))


def button(page: AppTest, label: str):
    (found,) = (one for one in page.button if one.label == label)
    return found


def asked(page: AppTest, name: str) -> str | None:
    """What stands in the address."""
    value = page.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def worked(job: Job) -> Job:
    """A queued job after its work was done here, in this process."""
    try:
        result = KINDS[job.kind].run(job.settings, Reporter(), job.kept)
        write_status(job.folder, state="done", result=result)
    except StudioError as error:
        write_status(job.folder, state="failed", error=str(error))
    return jobs.load(job.id)
