"""archspec: a compiler for neural-network architectures written in YAML."""
