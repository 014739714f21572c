"""All sets by name."""

from sets import islp, r_packages, scikit_learn, uci, vega

SETS = uci.SETS | r_packages.SETS | islp.SETS | vega.SETS | scikit_learn.SETS
