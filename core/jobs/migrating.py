"""Jobs of earlier versions get the files of today, in their place."""

from core import drafts, labelled, robustness, stored
from core.errors import JobError, StoredError, disk_sentence
from core.jobs import formats, job, record


def migrate() -> list[str]:
    """Write the files of all jobs anew whose format is an earlier one.

    Returns:
        The ids of these jobs. Those that run or are damaged are passed over.

    Raises:
        JobError: if something cannot be written; the job can still be read then.
    """
    done = []
    current = stored.current_version(formats.CONFIGS)
    for folder in drafts.inside(job.root()):
        if not job.is_id(folder.name) or job.is_alive(folder):
            continue
        try:
            content = stored.read_json(folder / record.CONFIG)
            if content.get(stored.VERSION, formats.UNMARKED) == current:
                continue
            config, status = record.read_config(folder), record.read_status(folder)
            kept = [
                (module, module.load(folder / job.KEPT))
                for module in (robustness, labelled)
                if module.is_in(folder / job.KEPT)
            ]
        except (StoredError, JobError, AttributeError):
            continue  # the list of jobs reports it
        try:
            for module, found in kept:
                module.save(found, folder / job.KEPT)
            record.write_status(folder, status)
            record.write_config(folder, config)
        except OSError as error:
            raise JobError(disk_sentence(error, folder)) from error
        done.append(folder.name)
    return done
