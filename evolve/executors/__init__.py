"""Executors of evaluations: on this machine's cores (`local`), or on workers anywhere (`celery`)."""
