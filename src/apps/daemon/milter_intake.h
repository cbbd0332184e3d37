// The daemon's milter: its listeners, who sent the mail of this host's own programs, and how it
// looks from outside.
//
// Flow:    intake::MilterService -> handler (ClientEdge) -> answer and trace header.
// Threads: open() and the end by the owner; parts and metrics from any.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "face/api.h"
#include "face/metrics.h"
#include "intake/local_senders.h"
#include "intake/milter_service.h"
#include "net/event_loop.h"

namespace leumund::apps {

class MilterIntake {
 public:
  // `local_senders` is what a followed log tells; null where none is followed: local mail is then
  // told by its headers alone. `screen` is what DNS lists say of strangers; without it their mail
  // is not marked.
  [[nodiscard]] static base::Result<std::unique_ptr<MilterIntake>> open(
      net::EventLoop& loop, const config::Settings& settings, const base::HashKey& key,
      const intake::LocalSenders* local_senders, const intake::MilterService::Screen& screen,
      intake::MilterService::Handler handler);

  // After a reload: clients that send for us, and how fingerprints are made.
  void set_run_settings(const config::RunSettings& settings);
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] std::vector<std::string> addresses() const;
  // Nothing where it listens nowhere.
  [[nodiscard]] std::optional<face::PartStatus> part() const;
  [[nodiscard]] std::vector<face::Metric> metrics() const;

 private:
  MilterIntake() = default;
  [[nodiscard]] intake::MilterCounters sum() const;

  std::vector<std::unique_ptr<intake::MilterService>> services_;
};

}  // namespace leumund::apps
