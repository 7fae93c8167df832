"""A large history: years of an organisation learning, decided by the aggregates, made up by chance.

The same numbers make the same history: every person's and every course's chance is drawn from its
own name, so any part can be made again without the others.
"""
