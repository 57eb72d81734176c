"""A model server on its own, without Seldon's operator: Triton or MLServer as Kubernetes' own objects."""
