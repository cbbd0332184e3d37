#include "intake/milter_prints.h"

#include <utility>

namespace leumund::intake {

MilterPrints::MilterPrints(MilterPrintSettings settings, const base::HashKey& key,
                           std::size_t attachments_reach)
    : key_(key), attachments_reach_(attachments_reach) {
  set(std::move(settings));
}

void MilterPrints::set(MilterPrintSettings settings) {
  settings.prints.limits.attachments_reach = attachments_reach_;
  settings_.publish(std::make_shared<const MilterPrintSettings>(std::move(settings)));
}

std::unique_ptr<MilterPrints::Maker> MilterPrints::take() {
  auto settings = settings_.read();
  while (!idle_.empty()) {
    auto maker = std::move(idle_.back());
    idle_.pop_back();
    if (maker->settings == settings) return maker;
  }
  fingerprint::PrintMaker prints(settings->prints, key_);
  return std::make_unique<Maker>(std::move(settings), std::move(prints));
}

void MilterPrints::give_back(std::unique_ptr<Maker> maker) {
  if (!maker || idle_.size() >= idle_max) return;
  maker->prints.begin({});
  idle_.push_back(std::move(maker));
}

}  // namespace leumund::intake
