# What one does with this project; `just` lists it.

set positional-arguments

bin := ".venv/bin"

[private]
default:
    @"{{ just_executable() }}" --list --unsorted

# Make .venv from the lock file; quick when nothing has changed
setup:
    @.ci/setup

# Start the server, with a Docker engine on this machine where one can be had
serve *arguments: setup
    @{{ bin }}/python -m handlers.docker.engine_setup && {{ bin }}/python -m handlers.docker.local_image || \
        echo "Going on without a Docker engine on this machine." >&2
    @exec {{ bin }}/hoster serve "$@"

# Everything that must hold before a change lands; arguments go to pytest
test *arguments: setup
    @.ci/packages test
    @.ci/clients
    @{{ bin }}/python -m handlers.docker.engine_setup
    @"{{ just_executable() }}" lint
    @{{ bin }}/pytest "$@"

# Check the shipped definitions
check *arguments: setup
    @{{ bin }}/hoster check "$@"

# Style, types, and who may import whom
lint: setup
    {{ bin }}/ruff check --quiet
    {{ bin }}/ruff format --check --quiet
    {{ bin }}/mypy --no-error-summary
    {{ bin }}/lint-imports

# Lay out the code anew, and mend what ruff can mend
format: setup
    {{ bin }}/ruff format
    {{ bin }}/ruff check --fix

# Write the pages that are made from the code
docs: setup
    {{ bin }}/python -m engine.settings.document > docs/settings.md
    {{ bin }}/python -m engine.loader.document docs/definitions.md
    {{ bin }}/python -m engine.check.document docs/definitions.md
    {{ bin }}/python -m handlers.docker_reference docs/compose.md

# Measure; see bench/
bench *arguments: setup
    @{{ bin }}/python -m bench "$@"

# Let schemathesis look for faults in the API, for so many seconds
fuzz seconds="600" *arguments: setup
    @{{ bin }}/python -m tests.description.fuzz "$@"

# Resolve the dependencies anew; naming packages upgrades these, `--upgrade` all
lock *packages:
    @.ci/lock "$@"
