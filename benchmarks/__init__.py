"""What users of the library measure: named workloads under one metrics contract."""
