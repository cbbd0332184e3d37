// The daemon's look at clients that bring mail: what is configured, made into a running service.
//
// Flow:    settings, registry -> diagnosis::ScreenRules -> intake::ScreenService.
// Threads: a loop of its own, `screening`, and `resolve`: the policy path of our own senders never
//          waits for it. The rest from any thread.
// Errors:  a list that cannot be had is a problem that is shown; the others are asked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/clock.h"
#include "base/result.h"
#include "config/settings.h"
#include "face/control.h"
#include "face/metrics.h"
#include "intake/milter_service.h"
#include "intake/screen_service.h"
#include "model/screen_report.h"
#include "net/event_loop.h"
#include "net/resolver.h"

namespace leumund::apps {

class ScreenDesk {
 public:
  // Errors: the listening address cannot be had.
  [[nodiscard]] static base::Result<std::unique_ptr<ScreenDesk>> open(
      const config::Settings& settings, const Clock& clock);
  ~ScreenDesk();

  void stop(std::chrono::milliseconds grace);

  // What the lists say of a client, for the milter; nothing where screening is off. What it gives
  // must not be called once stop() is.
  [[nodiscard]] intake::MilterService::Screen for_milter();
  [[nodiscard]] std::optional<std::string> address() const;
  [[nodiscard]] std::optional<face::PartStatus> part() const;
  // Somebody complained of mail from there, or a trap got it.
  void heard(const base::IpAddress& client);
  [[nodiscard]] model::ScreenReport report() const;
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  ScreenDesk() = default;
  [[nodiscard]] diagnosis::ScreenRules rules_of(const config::Settings& settings);
  void tick_and_come_again();

  std::vector<std::string> problems_;
  bool enforce_ = false;
  bool header_ = false;
  int refuse_at_ = 0;
  std::unique_ptr<net::EventLoop> loop_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<intake::ScreenService> service_;  // null: switched off
};

}  // namespace leumund::apps
