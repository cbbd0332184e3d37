// Looks at our ways out as receivers do, at the pace that is set: reverse DNS, HELO, SPF, DKIM,
// DMARC, encryption, page.
//
// Flow:    settings and what was seen -> intake::check_hygiene() -> report; a way that was well and
//          no longer is, twice in a row -> decision (journal, notice, stream).
// Time:    every `hygiene.interval`, and soon after a reload; what nobody answered is asked again
//          after a tenth of it. Each look has a resolver of its own, so that nothing old is told.
// Limits:  those of intake/hygiene_check.h; one look at a time; a question waits 4 s.
// Threads: `hygiene`; see(), report() and look_now() from any. Nothing of the mail path waits.
// Errors:  none that end it: what is not answered is unknown.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "apps/clock.h"
#include "apps/daemon/pipeline.h"
#include "apps/daemon/seen_domains.h"
#include "apps/daemon/seen_signatures.h"
#include "base/guarded.h"
#include "config/settings.h"
#include "face/control.h"
#include "face/metrics.h"
#include "intake/hygiene_check.h"
#include "model/hygiene.h"

namespace leumund::apps {

class HygieneDesk {
 public:
  struct Around {
    Pipeline& pipeline;
    const Clock& clock;
    std::function<config::Settings()> settings;
    // Encrypted connections to others by the service that made them, as the logs tell.
    std::function<std::vector<std::pair<std::string, std::uint64_t>>()> encrypted;
  };

  explicit HygieneDesk(Around around);
  ~HygieneDesk();

  void start();
  void stop();

  // After a reload. Does not wait for it.
  void look_soon();

  // A submission or delivery, from whichever intake.
  void see(const model::MailEvent& event);
  // What a report brought back of a mail of ours.
  void see_returned(const wire::OriginalMessage& mail, base::TimePoint now) {
    signatures_.see_returned(mail, now);
  }

  [[nodiscard]] model::HygieneReport report() const;
  // Looks anew before it answers; takes seconds. Errors: unavailable while a look is under way.
  [[nodiscard]] base::Result<model::HygieneReport> look_now();
  // Of an egress, an own address or domain.
  [[nodiscard]] std::vector<model::HygieneFinding> faults_of(const std::string& place) const;
  // The grave ones as one sentence; "" there are none.
  [[nodiscard]] std::string warning_of(const std::string& place) const;
  [[nodiscard]] std::optional<face::PartStatus> part() const;
  void add_metrics(std::vector<face::Metric>& out) const;

 private:
  // How often a grave fault stood in a row, where it had been well before.
  struct Turn {
    bool was_good = false;
    unsigned faults = 0;
  };
  struct State {
    bool busy = false;
    bool asked = false;                               // the settings changed
    bool turning = false;                             // a fault is to be confirmed soon
    std::map<std::string, std::uint64_t> deliveries;  // by service
    std::map<std::string, Turn> turns;                // by place, check and domain
    std::uint64_t looks = 0;
    std::uint64_t questions = 0;
  };

  void run(const std::stop_token& stop);
  // False: somebody else is at it.
  bool look();
  [[nodiscard]] intake::HygienePlan plan_of(const config::Settings& settings) const;
  // Why the plan is empty.
  [[nodiscard]] static std::string why_nothing(const config::Settings& settings);
  void add_ways(const config::Settings& settings, intake::HygienePlan& plan) const;
  void add_domains(const config::Settings& settings, intake::HygienePlan& plan) const;
  [[nodiscard]] model::HygieneReport ask(const intake::HygienePlan& plan,
                                         const config::StartSettings& start);
  [[nodiscard]] base::TimePoint next_look(const model::HygieneReport& report,
                                          std::chrono::seconds interval) const;
  void tell_turns(const model::HygieneReport& report);
  void tell(const model::Subject& subject, bool well, const std::string& text);

  Around around_;
  SeenDomains seen_;
  SeenSignatures signatures_;
  std::atomic<bool> stopping_ = false;
  base::Guarded<State> state_;
  base::Guarded<model::HygieneReport> report_;
  std::jthread thread_;
};

}  // namespace leumund::apps
