"""The bus on real servers: relays, consumers, and what they survive."""
