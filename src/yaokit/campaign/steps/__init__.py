"""The kinds of steps a plan can use: one file each."""

STEPS = {
    "curate": "yaokit.campaign.steps.curate:CURATE",
    "train": "yaokit.campaign.steps.train:TRAIN",
    "screen": "yaokit.campaign.steps.screen:SCREEN",
    "design": "yaokit.campaign.steps.design:DESIGN",
    "profile": "yaokit.campaign.steps.profile:PROFILE",
    "rank": "yaokit.campaign.steps.rank:RANK",
    "report": "yaokit.campaign.steps.report:REPORT",
}
