"""Real servers for tests: started when first asked for, gone with the process that runs the tests.

Every process of a run has its own Postgres, so that an open transaction in a test of one never
holds back a reader of the log in another.
"""
