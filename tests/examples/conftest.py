"""What lies here is installed first, and tested then: see tests/contract/test_example.py."""

collect_ignore_glob = ["*"]
