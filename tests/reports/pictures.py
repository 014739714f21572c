"""Every picture, of usual tables and of those at the edge."""

import math
from collections.abc import Callable

from matplotlib.figure import Figure

from ntkcli.reports.simulation_pictures import kernel_error_picture, predictions_picture, training_picture
from ntkcli.reports.spectrum_pictures import learning_curve_picture, spectrum_picture, time_course_picture

from .tables import (
    kernel_errors,
    learning_curve,
    predictions,
    slope,
    spectrum,
    time_course,
    training,
)

SEVEN = (32, 64, 128, 256, 512, 1024, 2048)
QUANTITIES = ("weight_change", "kernel_change", "gap_to_linearised")
FITTED, UNKNOWN = dict.fromkeys(QUANTITIES, slope()), dict.fromkeys(QUANTITIES, slope(None))
KERNEL_SLOPES = {"ntk": slope(), "nngp": slope()}

PICTURES: dict[str, Callable[[], Figure]] = {
    "spectrum": lambda: spectrum_picture(spectrum()),
    "spectrum, one kernel": lambda: spectrum_picture(spectrum(["ntk"], zeros=7)),
    "spectrum, one mode": lambda: spectrum_picture(spectrum(modes=1)),
    "spectrum, all 0": lambda: spectrum_picture(spectrum(modes=12, zeros=12)),
    "spectrum, large": lambda: spectrum_picture(spectrum(modes=5000)),
    "learning curve": lambda: learning_curve_picture(learning_curve(), 200),
    "learning curve, one kernel": lambda: learning_curve_picture(learning_curve(["nngp"]), 800, "MPa^2"),
    "learning curve, not measured": lambda: learning_curve_picture(learning_curve(measured=False), 20),
    "learning curve, bars to 0": lambda: learning_curve_picture(learning_curve(se=0.8), 150),
    "learning curve, measured once": lambda: learning_curve_picture(learning_curve(se=math.nan), 200),
    "time course": lambda: time_course_picture(time_course(), "strength"),
    "time course, one kernel": lambda: time_course_picture(time_course(["nngp"], test=False), "$ or $$"),
    "time course, no errors": lambda: time_course_picture(time_course(test=False, leave_one_out=False), ""),
    "time course, slow": lambda: time_course_picture(time_course(rate=1e-9), ""),
    "time course, one time": lambda: time_course_picture(time_course(times=[0.0, 2.0, math.inf]), ""),
    "time course, only inf": lambda: time_course_picture(time_course(times=[math.inf]), ""),
    "time course, only 0": lambda: time_course_picture(time_course(times=[0.0]), ""),
    "time course, narrow": lambda: time_course_picture(time_course(times=[1.0, 1.5, 2.0]), ""),
    "time course, wide": lambda: time_course_picture(time_course(times=[1e-30, 1.0, 1e30, math.inf]), ""),
    "kernel error": lambda: kernel_error_picture(kernel_errors(widths=SEVEN), KERNEL_SLOPES),
    "kernel error, one width": lambda: kernel_error_picture(kernel_errors(widths=[64]), {}),
    "kernel error, one network": lambda: kernel_error_picture(kernel_errors(["ntk"], [64], 1), {}),
    "kernel error, 0": lambda: kernel_error_picture(kernel_errors().assign(relative_error=0.0), {}),
    "training": lambda: training_picture(training(SEVEN), FITTED),
    "training, one width": lambda: training_picture(training([64]), UNKNOWN),
    "training, one seed": lambda: training_picture(training(seeds=1), FITTED),
    "training, one time": lambda: training_picture(training(times=[3.0]), FITTED),
    "training, only 0": lambda: training_picture(training(times=[0.0]), UNKNOWN),
    "predictions": lambda: predictions_picture(predictions(SEVEN, rows=200), "MPa"),
    "predictions, one width": lambda: predictions_picture(predictions([64])),
    "predictions, one seed": lambda: predictions_picture(predictions(seeds=1)),
    "predictions, one row": lambda: predictions_picture(predictions(rows=1, times=[1.0])),
}
