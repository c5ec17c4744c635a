"""What is computed from the published tables: ranks, AlgoPerf's scores, the claims beside their own numbers, and settings."""

from __future__ import annotations

import inspect
import json
import math
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.catalog.loader import Catalog, load_catalog
from tools.cli import main
from tools.results import algoperf, bocb, numbers, survey
from tools.results.grid import grid, mean_ranks, standings
from tools.results.outcome import Outcome, graded, listed, outcome, outcomes
from tools.results.recommend import FACTOR, UnknownFamily, families, observations, recommend, relative_learning_rates

ROOT = Path(__file__).parent.parent
CATALOG = load_catalog(ROOT)[0]
assert CATALOG.claims
assert CATALOG.folklore
CLAIMS = {c.id: c for c in CATALOG.claims.claims}
OUTCOMES = outcomes(CATALOG)
VALUES = st.lists(st.integers(-50, 50).map(lambda n: n / 4), min_size=1, max_size=30)


@pytest.fixture
def catalog() -> Catalog:
    return CATALOG


# --- small statistics, against NumPy


@given(VALUES)
def test_statistics_agree_with_numpy(values: list[float]) -> None:
    assert numbers.mean(values) == pytest.approx(np.mean(values), abs=1e-12)
    assert numbers.median(values) == pytest.approx(np.median(values), abs=1e-12)
    assert numbers.iqr(values) == pytest.approx(np.subtract(*np.percentile(values, [75, 25])), abs=1e-12)
    assert numbers.deviation(values) == pytest.approx(np.std(values), abs=1e-12)


@given(VALUES)
def test_ranks_share_ties_and_add_up(values: list[float]) -> None:
    for higher in (True, False):
        ranks, places = numbers.ranks(values, higher=higher), numbers.places(values, higher=higher)
        assert sum(ranks) == pytest.approx(len(values) * (len(values) + 1) / 2)
        best = max(values) if higher else min(values)
        for value, rank, place in zip(values, ranks, places, strict=True):
            assert place <= rank <= place + values.count(value) - 1 or values.count(value) == 1
            assert (place == 1) == (value == best)


def test_correlations() -> None:
    assert numbers.spearman([1, 2, 3, 4], [10, 100, 1000, 9999]) == pytest.approx(1)
    assert numbers.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    x, y = [1.0, 2.5, 2.5, 7.0], [3.0, 1.0, 4.0, 4.0]
    assert numbers.pearson(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert math.isnan(numbers.pearson([1, 1], [1, 2]))
    assert numbers.geometric_mean([1, 4]) == pytest.approx(2)


# --- tables as people read them


def test_every_cell_of_every_table_is_in_its_grid(catalog: Catalog) -> None:
    for table in catalog.results.values():
        found = grid(table)
        assert sorted(c.field.line * 1000 + c.field.col for s in found.series for c in s.cells) == sorted(
            c.field.line * 1000 + c.field.col for c in table.cells
        )
        assert len({s.label for s in found.series}) == len(found.series) or table.record.kind == "settings"
        for row in found.rows:
            assert len(row.cells) == len(found.series)
            assert any(row.cells)


def test_best_spread_and_places_of_a_column(catalog: Catalog) -> None:
    column = next(s for s in grid(catalog.results["bocb-cifar100"]).series if s.label == "CNX-T")
    assert (column.best, column.worst, column.unit, column.direction) == (84.65, 60.09, "%", "higher")
    assert column.spread == pytest.approx(24.56)
    first = next(c for c, place in column.places().items() if place == 1)
    assert first.optimizer
    assert first.optimizer.printed == "Adan"
    loss = grid(catalog.results["gpt2-alpaca"]).series[0]
    assert loss.best == 2.4016
    settings = grid(catalog.results["bocb-cifar100-settings"]).series[0]
    assert settings.best is None
    assert settings.places() == {}


def test_equal_numbers_share_a_place(catalog: Catalog) -> None:
    column = next(s for s in grid(catalog.results["bocb-coco-detection"]).series if s.label.startswith("R-50, pretraining SGD"))
    places = {c.optimizer.printed: p for c, p in column.places().items() if c.optimizer}
    ranks = {c.optimizer.printed: r for c, r in column.ranks().items() if c.optimizer}
    assert places["SGD-M"] == places["SGDP"] == places["RAdam"] == 5
    assert ranks["SGD-M"] == ranks["SGDP"] == ranks["RAdam"] == 6
    assert 6 not in places.values()


def test_a_cell_without_a_number_has_no_place(catalog: Catalog) -> None:
    column = next(s for s in grid(catalog.results["survey-vits-lr"]).series if s.at == (("lr_factor", "10"),))
    assert len(column.cells) == 23
    assert len(column.places()) == len(column.numbers) == 12
    muon = [s for s in standings(catalog, "muon") if s.table.id == "survey-vits-lr" and s.series.at == (("lr_factor", "10"),)]
    assert [(s.place, s.state, s.of, s.distance) for s in muon] == [(None, "not reported", 12, None)]


def test_standings_of_a_method(catalog: Catalog) -> None:
    found = [s for s in standings(catalog, "lion") if s.table.id == "bocb-cifar100"]
    assert len(found) == 20
    alexnet = found[0]
    assert (alexnet.series.label, alexnet.place, alexnet.of, alexnet.best) == ("AlexNet", 15, 20, 67.3)
    assert alexnet.distance == pytest.approx(67.3 - 62.11)
    assert alexnet.spread == pytest.approx(67.3 - 45.79)
    assert standings(catalog, "swats") == []


def test_mean_ranks_of_the_backbones(catalog: Catalog) -> None:
    ranks = mean_ranks(catalog.results["bocb-cifar100"])
    assert ranks == pytest.approx(bocb.mean_ranks(bocb.columns(catalog)))
    shown = {name: round(rank, 1) for name, rank in ranks.items()}
    assert list(shown)[:6] == ["Adan", "LAMB", "AdamP", "AdamW", "AdaBelief", "Sophia"]
    assert (shown["Adan"], shown["AdamW"], shown["AdaBelief"], shown["Sophia"]) == (3.1, 6.3, 6.7, 9.1)
    assert list(shown)[-2:] == ["RMSProp", "AdaGrad"]


# --- AlgoPerf


@pytest.mark.parametrize("ruleset", ["external", "self"])
def test_published_scores_follow_from_the_times(catalog: Catalog, ruleset: str) -> None:
    computed = algoperf.scores(catalog.results[f"algoperf-v05-{ruleset}-times"])
    published = {c.row.text("optimizer"): c.value for c in catalog.results[f"algoperf-v05-{ruleset}-scores"].cells}
    assert {name: round(score, 4) for name, score in computed.items()} == published
    assert len(published) == {"external": 11, "self": 6}[ruleset]


def test_a_profile_is_a_step_function(catalog: Catalog) -> None:
    for ruleset in ("external", "self"):
        for profile in algoperf.profiles(catalog.results[f"algoperf-v05-{ruleset}-times"]).values():
            heights = [h for _, h in profile.steps]
            assert heights == sorted(heights)
            assert profile.steps[0][0] == 1
            assert profile.steps[-1][0] == 4
            assert profile.score == pytest.approx(profile.area, abs=5e-3)
            assert all(r >= 1 for r in profile.ratios)
            assert profile.workloads == 8


def test_speed_ups_over_the_baseline(catalog: Catalog) -> None:
    found = algoperf.speed_ups(catalog.results["algoperf-v05-external-times"])
    assert found[algoperf.BASELINE].mean == pytest.approx(1)
    shampoo = found["Distributed Shampoo"]
    assert shampoo.mean == pytest.approx(1.3466, abs=1e-4)
    assert set(shampoo.ratios).isdisjoint(shampoo.missing)
    assert len(shampoo.ratios) + len(shampoo.missing) == 8
    assert found["Schedule Free Prodigy"].mean is None
    saved = algoperf.saved_with_budgets(
        catalog.results["algoperf-v05-external-times"], catalog.results["algoperf-v05-budgets"], "Distributed Shampoo"
    )
    assert saved == pytest.approx(0.2787, abs=1e-4)


# --- backbone by optimizer


def test_the_rule_that_reproduces_the_marks(catalog: Catalog) -> None:
    table, marks = bocb.columns(catalog), bocb.marked(catalog)
    assert len(marks) == 50
    assert len(bocb.failures(table, bocb.printed_rule)) == 258
    flagged = bocb.failures(table)
    assert (len(flagged), len(flagged & marks), len(flagged - marks), len(marks - flagged)) == (54, 47, 7, 3)
    plain = bocb.failures(table, bocb.plain_rule)
    assert (len(plain), plain <= marks) == (42, True)


def test_shares_of_variance_agree_with_numpy(catalog: Catalog) -> None:
    table = bocb.columns(catalog)
    matrix = np.array([list(c.values()) for c in table.values()])
    grand, rows, columns = matrix.mean(), matrix.mean(1, keepdims=True), matrix.mean(0, keepdims=True)
    total = ((matrix - grand) ** 2).sum()
    shares = bocb.variance_shares(table)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["interaction_and_noise"] == pytest.approx(((matrix - rows - columns + grand) ** 2).sum() / total)
    assert {k: round(v, 3) for k, v in shares.items()} == {"backbone": 0.386, "optimizer": 0.216, "interaction_and_noise": 0.397}


def test_spreads_per_backbone_and_optimizer(catalog: Catalog) -> None:
    table = bocb.columns(catalog)
    per_backbone, per_optimizer = bocb.spread_per_backbone(table), bocb.spread_per_optimizer(table)
    assert per_backbone["CNX-T"]["range"] == pytest.approx(23.4)
    assert per_backbone["AlexNet"]["deviation"] == pytest.approx(2.4, abs=0.05)
    assert max(per_optimizer, key=lambda n: per_optimizer[n]["range"]) == "LARS"
    assert min(per_optimizer, key=lambda n: per_optimizer[n]["worst"]) == "LARS"
    best = bocb.categories_by_backbone(table)
    assert [k for k, v in best["VGG-13"].items() if v == 0] == ["a"]
    assert [k for k, v in best["CNX-T"].items() if v == 0] == ["b"]


def test_correlations_between_backbones(catalog: Catalog) -> None:
    found = bocb.correlations(bocb.columns(catalog))
    assert len(found) == 190
    assert all(-1 <= r <= 1 for r in found.values())


# --- the survey


def test_definitions_of_sensitivity_name_different_winners(catalog: Catalog) -> None:
    assert survey.winners(catalog) == {
        "near_best": ["MARS", "Muon"],
        "mean_with_zero": ["MARS"],
        "worst_of_grid": ["Lion"],
        "worst_of_middle": ["Muon"],
        "worst_of_reported": ["Kron"],
        "drop_around_best": ["MARS"],
    }
    means = survey.sensitivity(catalog)["mean_with_zero"]
    assert [(n, round(v, 1)) for n, v in list(means.items())[:4]] == [("MARS", 70.9), ("MADGRAD", 70.3), ("Lion", 69.8), ("Muon", 60.6)]


def test_long_training_and_transfer(catalog: Catalog) -> None:
    rounded = {
        "vit": survey.rank_correlation(catalog, ("ViT-S", "100"), ("ViT-S", "300")),
        "resnet": survey.rank_correlation(catalog, ("ResNet-50", "100"), ("ResNet-50", "300")),
        "short": survey.rank_correlation(catalog, ("ViT-S", "100"), ("ResNet-50", "100")),
        "long": survey.rank_correlation(catalog, ("ViT-S", "300"), ("ResNet-50", "300")),
        "room_vit": survey.head_room(catalog, "ViT-S"),
        "room_resnet": survey.head_room(catalog, "ResNet-50"),
    }
    assert {k: round(v, 2) for k, v in rounded.items()} == {
        "vit": 0.95,
        "resnet": 0.75,
        "short": 0.53,
        "long": 0.44,
        "room_vit": -0.71,
        "room_resnet": -0.51,
    }
    assert survey.gains(catalog, "ViT-S")["SGD"] == pytest.approx(9.414)


# --- claims


@pytest.mark.parametrize("id_", CLAIMS)
def test_a_typed_verdict_is_the_computed_one(id_: str) -> None:
    claim, found = CLAIMS[id_], OUTCOMES[id_]
    assert found.verdict == claim.verdict
    assert found.finding.endswith(".")
    assert found.numbers
    assert all(isinstance(v, int | float) and math.isfinite(v) for v in found.numbers.values())
    assert re.search(r"\d", found.finding)


def test_every_computation_belongs_to_a_claim() -> None:
    named = {c.computed_by for c in CLAIMS.values()}
    written = set()
    for module in ("bocb_claims", "survey_claims", "language_claims"):
        for name, function in inspect.getmembers(import_module(f"tools.results.{module}"), inspect.isfunction):
            if function.__module__ == f"tools.results.{module}" and not name.startswith("_"):
                written.add(f"{module}.{name}")
    assert named == written
    assert len(named) == len(CLAIMS)


def test_a_changed_cell_changes_the_outcome(tmp_path: Path) -> None:
    """The findings are computed: with another number in the table another sentence comes out."""
    import shutil

    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    path = tmp_path / "catalog" / "results" / "bocb-imagenet1k.csv"
    path.write_text(path.read_text("utf-8").replace("SGD-M,R-50,RSB A2,78.82", "SGD-M,R-50,RSB A2,80.82"), "utf-8")
    changed, _ = load_catalog(tmp_path)
    claim = CLAIMS["bocb-resnet-imagenet"]
    assert outcome(changed, claim).verdict == "holds"
    assert OUTCOMES[claim.id].verdict == "not supported"


@pytest.mark.parametrize(
    ("id_", "part"),
    [
        ("bocb-failure-rule", "flags 258 of 400 cells; 50 are marked"),
        ("survey-sgd-survives", "8 methods are above it (MARS 72.5, LAMB 70.0, AdaBelief 68.6, Lion 66.0"),
        ("survey-sgd-long", "LARS +12.24, SGD +9.41"),
        ("bocb-tuning-methods", "0.62 for LAMB and 0.69 for AdamW, 0.94 for RMSProp"),
        ("algoperf-shampoo", "saves 27.9% of the baseline's time"),
        ("c4-sac-gains", "The cells give +0.0356 s, +0.0151 s and -0.10."),
    ],
)
def test_a_finding_says_its_numbers(id_: str, part: str) -> None:
    assert part in OUTCOMES[id_].finding


def test_grading_and_listing() -> None:
    assert [graded(parts) for parts in ([True], [True, False], [False])] == ["holds", "holds partly", "not supported"]
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["none", "a", "a and b", "a, b and c"]
    assert Outcome("holds", "So.").numbers == {}


# --- folklore


def test_numbers_of_the_folklore_are_those_of_the_tables(catalog: Catalog) -> None:
    assert catalog.folklore
    texts = {s.id: f"{s.measured} {s.missing}" for s in catalog.folklore.statements}
    gains, short, long = survey.gains(catalog, "ViT-S"), *(survey.epochs(catalog)["ViT-S", e] for e in ("100", "300"))
    assert f"gains {gains['SGD']:.2f} points" in texts["sgd-scales-with-epochs"]
    assert next(iter(gains)) == "LARS"
    assert sorted(short.values()).index(short["SGD"]) == 3, "the fourth-lowest start"
    assert round(max(long.values()) - long["SGD"]) == 7
    assert max(survey.head_room(catalog, model) for model in ("ViT-S", "ResNet-50")) < 0, "the gain falls with the accuracy before"
    rows, best = survey.by_factor(catalog), survey.winners(catalog)
    told = "the worst value of {} is the highest; over 0.1 to 10 times that of {} is, {} has the highest mean"
    assert told.format(*(one for name in ("worst_of_middle", "worst_of_grid", "mean_with_zero") for one in best[name])) in (
        texts["muon-least-sensitive"]
    )
    above = sorted(o for o, row in rows.items() if survey.worst_of_grid(row) > 60)
    assert f"only {listed(above)} stay above 60%" in texts["muon-least-sensitive"]
    assert "10" not in rows["Muon"], "the widest multiple"
    assert max(rows["RMSprop"], key=rows["RMSprop"].__getitem__) == "0.1", "a tenth of its usual learning rate"
    llama = catalog.results["survey-llama60m"]
    assert {c.optimizer.printed for c in llama.cells if c.state == "diverged" and c.optimizer} == {"SGD", "SGDP"}
    assert len(llama.rows) == 6, "cells of six optimizers"
    assert f"AdamW reaches {max(rows['AdamW'].values()):.3f}% and Adam {max(rows['Adam'].values()):.3f}%" in texts["adam-behind-adamw"]
    failures = OUTCOMES["bocb-failure-rule"].numbers
    told = f"flags {failures['printed_rule']} of {failures['cells']} cells, while {failures['marked']} are marked"
    assert told in texts["bocb-threshold"]
    assert f"flags {failures['median_rule']} and agrees on {failures['agreement']:.1%}" in texts["bocb-threshold"]
    table = survey.epochs(catalog)
    assert all(min(column, key=column.__getitem__) == "RMSprop" for column in table.values())
    assert round(544 / 115, 1) == 4.7
    assert round(1_281_167 * 100 / (544 / 115 * 3600), -2) == 7500
    assert 288 + 757 + 28 == 1073


def test_what_notes_and_caveats_say_of_the_cells(catalog: Catalog) -> None:
    marks = bocb.marked(catalog)
    without = [m for m in marks if m[1] in ("AdaGrad", "AdaDelta", "RMSProp")]
    assert sum(m[1] == "AdaGrad" for m in without) > len(without) / 2, "most failures of the category belong to AdaGrad"
    scripts = catalog.results["epfl-llm-settings"].rows
    assert len(scripts) == catalog.results["epfl-llm-settings"].record.rows
    for model in {r.text("model") for r in scripts}:
        own = [r for r in scripts if r.text("model") == model]
        assert len({tuple(r.text(c) for c in ("n_embd", "n_layer", "dataset", "sequence_length")) for r in own}) == 1, model
        assert len({int(r.text("batch_size")) * int(r.text("acc_steps")) for r in own}) == 1, f"{model}: sequences a step"


def test_numbers_of_contradictions_are_those_of_the_cells(catalog: Catalog) -> None:
    """What a record says of its own cells follows from them; all else with a decimal is what a source prints elsewhere."""
    told = {id_: " ".join(c.text for c in t.record.contradictions) for id_, t in catalog.results.items()}

    def cell(table: str, column: str, **at: str) -> float:
        (row,) = (r for r in catalog.results[table].rows if all(r.text(k) == v for k, v in at.items()))
        return float(row.text(column))

    rows = catalog.results["bocb-cifar100"].rows
    printed, median = (len(bocb.failures(bocb.columns(catalog), rule)) for rule in (bocb.printed_rule, bocb.median_rule))
    columns = {b: sorted(float(r.text("top1")) for r in rows if r.text("model") == b)[1:] for b in ("AlexNet", "CNX-T")}
    known = {
        "bocb-cifar100": [
            f"flags {printed} of the {len(rows)} cells; {len(bocb.marked(catalog))} are marked",
            f"in place of the maximum flags {median} ",
            f"AlexNet has a standard deviation of {np.std(columns['AlexNet']):.1f} where 1.1 is printed",
            f"a range of {columns['CNX-T'][-1] - columns['CNX-T'][0]:.1f} where 25 is printed",
        ],
        "bocb-coco-pose": [f"has {cell('bocb-coco-pose', 'ap50', optimizer='SGD-M', model='R-50'):.1f}"],
        "c4-llama": [
            f"print 0.0363 s where the cells give {_gain('350M', 'AdamW', 'step_time'):.4f} s",
            f"at 60M 0.0152 s against {_gain('60M', 'AdamW', 'step_time'):.4f} s",
            f"a perplexity gain of 0.09 against {-_gain('350M', 'Shampoo', 'perplexity'):.2f}",
        ],
        "fantastic-phase2": [f"{cell('fantastic-phase2', 'loss', optimizer='AdamW', model='llama-300m', chinchilla='2x')} in the cache"],
    }
    for id_, parts in known.items():
        for part in parts:
            assert part in told[id_], f"{id_}: {part}"
    own = {o: cell("bocb-imagenet1k", "top1", optimizer=o, model="R-50") for o in ("SGD-M", "Adan", "AdamW", "LAMB")}
    assert "Adan, AdamW and LAMB are all above SGD on ResNet-50" in told["bocb-imagenet1k"]
    assert min(own, key=own.__getitem__) == "SGD-M"
    # and no other record says a number of its cells: these are clipping, momentum and decay as scripts and recipes set them
    others = {id_ for id_, text in told.items() if re.search(r"\d\.\d", text)} - known.keys()
    assert others == {"survey-llama60m", "survey-vits-lr"}


def _gain(size: str, base: str, column: str) -> float:
    """What SAC adds to a method on a model of this size."""
    values = {r.text("optimizer"): float(r.text(column)) for r in CATALOG.results["c4-llama"].rows if r.text("model") == f"LLaMA-{size}"}
    return values[f"SAC+{base}"] - values[base]


def test_every_statement_says_what_would_settle_it(catalog: Catalog) -> None:
    assert catalog.folklore
    assert len(catalog.folklore.statements) == 8
    for statement in catalog.folklore.statements:
        assert all((statement.claim, statement.measured, statement.missing, statement.settles, statement.trust))
        assert set(statement.claims) <= CLAIMS.keys()


# --- recommended settings


def test_a_recommendation_has_values_ranges_and_sources(catalog: Catalog) -> None:
    (found,) = recommend(catalog, "lion", "vit")
    rate = found.settings["learning_rate"]
    assert (found.family, rate.low, rate.typical, rate.high, rate.disagree) == ("vit", 5e-5, 5e-5, 1e-4, False)
    assert rate.models == ("DeiT-S", "Swin-T", "ViT-S")
    assert [(s.table, s.paper, s.typical, s.count) for s in rate.sources] == [
        ("bocb-cifar100-settings", "li-2024-unveiling", 5e-5, 2),
        ("survey-vits-lr", "zhang-2026-evolution", 1e-4, 1),
    ]
    for o in rate.observations:
        path, _, line = o.where.partition(":")
        assert o.text in (ROOT / path).read_text("utf-8").splitlines()[int(line) - 1].split(",")


def test_sources_that_disagree_are_said_to(catalog: Catalog) -> None:
    (muon,) = recommend(catalog, "muon", "llm")
    assert muon.settings["learning_rate"].factor == pytest.approx(4)
    assert muon.settings["learning_rate"].disagree
    assert not muon.settings["weight_decay"].disagree
    for method in {m for m, _ in observations(catalog)}:
        for entry in recommend(catalog, method):
            for setting in entry.settings.values():
                assert setting.low <= setting.typical <= setting.high
                assert setting.typical in {o.value for o in setting.observations}
                each = [s.typical for s in setting.sources]
                assert setting.disagree == (max(each) > FACTOR * min(each) and max(each) > 0 and len(each) > 1)


def test_ranges_that_were_searched_are_kept_apart(catalog: Catalog) -> None:
    (found,) = recommend(catalog, "adamw", "llm")
    assert {(s.low, s.high) for s in found.settings["learning_rate"].searched} == {(1e-4, 1e-2)}
    assert all(o.table != "algoperf-search-spaces" for o in found.settings["learning_rate"].observations)


def test_the_five_tables_feed_the_settings(catalog: Catalog) -> None:
    tables = {o.table for _, o in observations(catalog)}
    assert tables == {"bocb-cifar100-settings", "survey-vits-lr", "epfl-llm-settings", "fantastic-phase2", "algoperf-search-spaces"}
    assert len(observations(catalog)) == sum(
        len(c.values)
        for t in catalog.results.values()
        for c in t.cells
        if c.column.hyperparameter in ("learning_rate", "weight_decay")
        or (c.column.name == "tried" and dict(c.keys)["hyperparameter"] in ("learning_rate", "weight_decay"))
        if c.optimizer and c.optimizer.id
    )


def test_a_single_model_and_an_unknown_one(catalog: Catalog) -> None:
    (found,) = recommend(catalog, "sgd", "ResNet-50")
    assert found.family == "resnet-50"
    assert found.settings["learning_rate"].typical == 0.1
    assert recommend(catalog, "swats") == []
    with pytest.raises(UnknownFamily, match="no family of models 'resnet'"):
        recommend(catalog, "sgd", "resnet")
    assert list(families(catalog))[:2] == ["cnn", "vit"]


def test_learning_rates_relative_to_adamw(catalog: Catalog) -> None:
    found = {(r.method, r.family): r for r in relative_learning_rates(catalog)}
    lion = found["lion", "vit"]
    assert lion.count == 3
    assert lion.low <= lion.middle <= lion.high < 1
    assert lion.middle == pytest.approx((0.1 * 0.25 * 0.1) ** (1 / 3))
    assert found["sgd", "cnn"].low > 1
    assert all(r.method != "adamw" for r in found.values())


def atlas(*words: str) -> int:
    return main(["--root", str(ROOT), *words])


def test_the_command_prints_values_with_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert atlas("recommend", "LION", "--model", "vit") == 0
    out = capsys.readouterr().out
    assert "Vision transformers (vit)" in out
    assert "learning_rate = 5e-5, from 5e-5 to 0.0001 (DeiT-S, Swin-T, ViT-S)" in out
    assert "[li-2024-unveiling]" in out
    assert atlas("recommend", "muon", "--model", "llm") == 0
    assert "The sources disagree by a factor of 4, more than 3" in " ".join(capsys.readouterr().out.split())


def test_the_command_writes_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert atlas("recommend", "lion", "--model", "vit", "--format", "json") == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["method"], data["model"]) == ("lion", "vit")
    rate = data["recommendations"][0]["settings"]["learning_rate"]
    assert rate["typical"] == 5e-5
    assert {"value", "table", "paper", "where", "model_name"} <= rate["observations"][0].keys()


def test_the_command_without_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert atlas("recommend", "swats") == 0
    assert capsys.readouterr().out == "SWATS: no published setting here yet\n"
    assert atlas("recommend", "lion", "--model", "resnet") == 2
    assert "families are cnn, vit" in capsys.readouterr().err
    assert atlas("recommend", "no-such-method") == 1
    assert "no method" in capsys.readouterr().err
