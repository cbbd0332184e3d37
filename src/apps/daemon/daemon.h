// leumundd: everything constructed in the order in which it is needed and taken down in reverse.
//
// Flow:    configuration -> store -> engine -> keeper, effects -> intake -> faces: nothing is asked
//          before the answer is known, and whoever reaches the control socket finds all of it
//          there.
// Time:    the Clock is read at the edges only.
// Threads: main (this), io-0 (policy, milter), follow (one for each log), report and report-dir,
//          keep, act, hold, held, tell, list, list-slow and dns-N, and the HTTP workers.
// Errors:  open() names what keeps it from starting. A store that cannot be used does not: the
//          daemon then runs on what the suspended file knows and says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/effects.h"
#include "apps/clock.h"
#include "apps/daemon/case_desk.h"
#include "apps/daemon/case_letters.h"
#include "apps/daemon/client_edge.h"
#include "apps/daemon/control_desk.h"
#include "apps/daemon/customer_desk.h"
#include "apps/daemon/detour_desk.h"
#include "apps/daemon/explain_reply.h"
#include "apps/daemon/held_desk.h"
#include "apps/daemon/honeypots.h"
#include "apps/daemon/hygiene_desk.h"
#include "apps/daemon/keeper.h"
#include "apps/daemon/list_desk.h"
#include "apps/daemon/list_mail.h"
#include "apps/daemon/log_intake.h"
#include "apps/daemon/milter_intake.h"
#include "apps/daemon/number_reserve.h"
#include "apps/daemon/pipeline.h"
#include "apps/daemon/provider_desk.h"
#include "apps/daemon/report_desk.h"
#include "apps/daemon/screen_desk.h"
#include "apps/daemon/unattended_hours.h"
#include "apps/daemon/watch_desk.h"
#include "base/guarded.h"
#include "base/result.h"
#include "config/load.h"
#include "diagnosis/reader.h"
#include "face/api.h"
#include "face/explain_page.h"
#include "face/list_page.h"
#include "face/metrics.h"
#include "face/socketmap_service.h"
#include "face/status_page.h"
#include "face/stream_ring.h"
#include "intake/policy_service.h"
#include "intake/provider_groups.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "net/resolver.h"
#include "storage/store.h"

namespace leumund::apps {

struct DaemonOptions {
  std::string config_file;
  bool config_must_exist = false;
  Clock clock;
};

class Daemon {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<Daemon>> open(DaemonOptions options);
  ~Daemon();

  // About once a second: ends what is over, takes up a change of the unattended hours.
  void tick();
  // Reads the configuration and the API's token anew; a bad file changes nothing. Tells each option
  // that differs, and whether it is in force or needs a restart. Errors: unavailable while another
  // reload is under way.
  base::Result<std::vector<std::string>> reload();

  // Where it can be reached, for the start's log and for people.
  [[nodiscard]] std::vector<std::string> addresses() const;

 private:
  struct StoreOpened {
    std::unique_ptr<storage::Store> store;
    std::string trouble;  // "" when it is the file on disk and well
  };

  explicit Daemon(DaemonOptions options, config::Settings settings);

  [[nodiscard]] static StoreOpened open_store(const std::string& folder);
  base::Status take_lock(const std::string& folder);
  base::Status start_engine();
  void restore_unattended_hours();
  void start_resolver();
  base::Status start_watch();
  base::Status start_cases();
  base::Status start_lists();
  void show_to_lists(const model::MailEvent& event);
  [[nodiscard]] std::optional<intake::ReportTaken> take_for_lists(
      const intake::LmtpEnvelope& envelope, std::string_view raw);
  void note_trapped_account(const std::string& queue_id, const std::string& trap);
  [[nodiscard]] std::vector<std::string> queue_instances() const;
  [[nodiscard]] std::vector<net::HttpRoute> list_routes();
  base::Status start_customers();
  base::Status start_screening();
  [[nodiscard]] std::string provider_of(const std::string& recipient);
  void make_hygiene();
  [[nodiscard]] std::vector<model::Listing> standing_listings() const;
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> encrypted_by_log() const;
  base::Status start_socketmap();
  void start_detours();
  void start_held_desk();
  void hold_what_stands();
  void add_socketmap_figures(std::vector<face::Metric>& out) const;
  void add_block_figures(std::vector<face::Metric>& out) const;
  base::Status start_effects();
  base::Status start_faces();
  base::Status start_intake();
  base::Status start_public();
  [[nodiscard]] std::optional<face::OutageReport> public_status();
  base::Status start_reports();
  [[nodiscard]] std::future<void> on_decisions(const std::vector<model::Decision>& decisions);
  void on_file_edit(std::vector<action::FileCommand> commands);
  [[nodiscard]] model::Answer judge(const model::MailEvent& event);
  void on_log_event(const model::MailEvent& event);
  void hold_late_mail(const model::MailEvent& event, const model::Subject& subject);
  void update_unattended();
  base::Result<std::vector<std::string>> reload_alone();
  [[nodiscard]] base::Result<face::ApiSettings> api_settings(
      const config::Settings& settings) const;
  [[nodiscard]] action::EffectsSettings effects_settings(const config::Settings& settings) const;
  [[nodiscard]] action::QueueControlOptions queue_options(const config::Settings& settings) const;
  [[nodiscard]] std::optional<std::vector<base::Gate::Pass>> pause_logs();
  [[nodiscard]] std::vector<storage::Mark> log_marks() const;
  [[nodiscard]] std::vector<face::PartStatus> parts() const;
  [[nodiscard]] std::string metrics() const;

  const DaemonOptions options_;
  base::Guarded<config::Settings> settings_;
  const config::StartSettings start_;
  const base::TimePoint started_at_;
  base::HashKey key_;  // of this installation
  int lock_ = -1;
  std::vector<std::string> start_troubles_;

  std::unique_ptr<storage::Store> store_;
  std::string store_trouble_;
  NumberReserve numbers_;
  std::shared_ptr<const diagnosis::Reader> replies_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<net::Resolver> resolver_;            // null: switched off or not to be had
  std::unique_ptr<intake::ProviderGroups> providers_;  // null with it
  std::unique_ptr<ClientEdge> edge_;
  face::StreamRing ring_;
  std::unique_ptr<action::Effects> effects_;
  std::unique_ptr<HygieneDesk> hygiene_;
  std::unique_ptr<net::EventLoop> map_loop_;           // null: no socketmap
  std::unique_ptr<face::SocketmapService> socketmap_;  // null with it
  std::unique_ptr<DetourDesk> detours_;
  std::unique_ptr<HeldDesk> held_;
  std::vector<evidence::SubjectRecord> watch_standing_;  // until start_watch()
  std::unique_ptr<WatchDesk> watch_;
  std::unique_ptr<ProviderDesk> provider_files_;
  std::unique_ptr<CaseDesk> cases_;
  std::unique_ptr<ListDesk> lists_;  // null: there are none
  std::unique_ptr<ListMail> list_mail_;
  std::unique_ptr<Honeypots> honeypots_;  // with lists
  std::unique_ptr<CaseLetters> letters_;
  std::unique_ptr<CustomerDesk> customers_;
  std::unique_ptr<ScreenDesk> screening_;
  std::unique_ptr<ControlDesk> desk_;
  std::unique_ptr<face::Api> api_;
  std::unique_ptr<ReplyExplainer> reply_explainer_;
  std::unique_ptr<face::ExplainPage> explain_page_;
  std::unique_ptr<face::ListPage> list_page_;
  std::unique_ptr<face::StatusPage> status_page_;
  std::vector<std::unique_ptr<net::HttpServer>> http_;
  std::unique_ptr<ReportDesk> reports_;
  std::unique_ptr<net::EventLoop> loop_;
  std::vector<std::unique_ptr<intake::PolicyService>> policy_;
  std::unique_ptr<MilterIntake> milter_;
  intake::LocalSenders local_senders_;
  std::vector<std::unique_ptr<LogIntake>> logs_;
  base::Guarded<bool> reloading_ = base::Guarded<bool>(false);
  std::atomic<bool> logs_ready_ = false;  // the keeper runs before the logs are opened

  struct Away {
    UnattendedHours hours;
    std::optional<base::TimePoint> from;
  };
  base::Guarded<Away> away_;
  std::optional<base::TimePoint> forgot_at_;  // when old decisions were last dropped; main only
  base::Guarded<std::map<std::string, std::uint64_t>> decisions_by_kind_;
};

}  // namespace leumund::apps
