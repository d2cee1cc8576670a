"""Every attack that the sandbox must withstand."""

from __future__ import annotations

from attack_observation import OBSERVATION
from attack_processes import PROCESSES, RESOURCES
from attack_results import RESULTS
from attack_secrets import FILES, NETWORK, SECRETS

ATTACKS = [*FILES, *SECRETS, *NETWORK, *PROCESSES, *OBSERVATION, *RESOURCES, *RESULTS]
