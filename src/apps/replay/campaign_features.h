// What each mail's part in campaigns was made of, as lines for fitting and for looking at.
#pragma once

#include <cstdio>

#include "engine/engine.h"
#include "model/mail_event.h"
#include "verdict/campaign_settings.h"

namespace leumund::apps {

void write_campaign_head(std::FILE* out);
void write_campaign_features(const model::Submission& submission, const engine::Outcome& outcome,
                             const verdict::CampaignSettings& settings, std::FILE* out);

}  // namespace leumund::apps
