"""New molecules: generators, and the one loop that drives any of them towards an objective."""

GENERATORS = {
    "genetic": "yaokit.generate.genetic:Genetic",
}
