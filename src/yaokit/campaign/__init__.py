"""Campaigns: a plan in TOML, run step by step, resumable at any moment."""

from yaokit.campaign.plan import read_plan
from yaokit.campaign.run import campaign_status, run_campaign
from yaokit.campaign.start import demo_plan_path, init_campaign

__all__ = ["campaign_status", "demo_plan_path", "init_campaign", "read_plan", "run_campaign"]
