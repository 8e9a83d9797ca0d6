"""Measurements that users of the library make: named workloads under one metrics contract."""
