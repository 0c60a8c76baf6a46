# Two commands do everything on a fresh machine, each making its own environment: `make demo` and `make test`.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Where torch comes from; https://download.pytorch.org/whl/cpu spares gigabytes of CUDA where there is no GPU.
TORCH_INDEX ?=

.PHONY: demo test check mutations bench bench-evaluate clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	$(BIN)/pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

demo: $(VENV)/.installed  ## Generate 1,000 molecules with the shipped model, score them, draw them.
	mkdir -p demo
	$(BIN)/molgen generate -n 1000 -o demo/library.csv -o demo/library.sdf --trace demo/emerging.gif --overwrite
	$(BIN)/molgen view demo/library.csv -o demo/library.png --overwrite
	$(BIN)/molgen generate --attempts 1000 --seed 1 -o demo/attempts.smi --overwrite
	$(BIN)/molgen evaluate demo/attempts.smi --suite medchem

check: $(VENV)/.installed-dev  ## Formatting, lint and types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check  ## All checks and all tests, the slow ones too.
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "slow or not slow" -n 2

mutations: $(VENV)/.installed-dev  ## Put faults into a copy, one at a time, to see that tests notice; AREAS="training splits" for some.
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.mutations $(AREAS)

bench: $(VENV)/.installed  ## Training and sampling throughput on this machine.
	$(BIN)/python benchmarks/throughput.py

bench-evaluate: $(VENV)/.installed  ## The MOSES suite against the original figures; needs `molgen data fetch moses` and ../shared/fixtures/moses: the 5,000 samples are not in the repository.
	$(BIN)/python benchmarks/evaluate.py

clean:
	rm -rf $(VENV) demo dist
