"""Objectives: terms, desirabilities, their product; Pareto ranks.

A term's name is one of TERMS or a property of `chem.descriptors.PROPERTIES` (qed, mw, …).
"""

TERMS = {
    "model": "yaokit.score.terms:Model",
    "domain": "yaokit.score.terms:Domain",
    "novelty": "yaokit.score.terms:Novelty",
    "similarity": "yaokit.score.terms:Similarity",
    "alerts": "yaokit.score.terms:Alerts",
}
