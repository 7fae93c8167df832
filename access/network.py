"""Where a client is, as far as it can't change that at will."""

from ipaddress import IPv6Address, ip_address, ip_network


def network_of(address: str) -> str:
    """What one client can't change at will: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ip_network((int(ip), 64), strict=False))
