// What the command and the HTTP interface can do to the running daemon: each verb over pipeline,
// store and queue.
//
// Flow:    Api -> ControlDesk -> Pipeline::command -> decisions, as from any event.
// Time:    reads the Clock once a call.
// Threads: the HTTP workers, several at once.
// Errors:  as face/control.h says.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "action/queue_control.h"
#include "apps/clock.h"
#include "apps/daemon/case_desk.h"
#include "apps/daemon/case_letters.h"
#include "apps/daemon/detour_desk.h"
#include "apps/daemon/hygiene_desk.h"
#include "apps/daemon/list_desk.h"
#include "apps/daemon/pipeline.h"
#include "apps/daemon/provider_desk.h"
#include "apps/daemon/watch_desk.h"
#include "base/guarded.h"
#include "face/control.h"
#include "intake/milter_prints.h"
#include "storage/store.h"

namespace leumund::apps {

// Where the store keeps what `leumund unattended` set, and how it is read back at start; a text
// that is none changes nothing.
inline constexpr const char* unattended_mark = "unattended/by-verb";
void restore_unattended(const std::string& text, action::Unattended& unattended);

class ControlDesk final : public face::Control {
 public:
  struct Around {
    Pipeline& pipeline;
    storage::Store& store;
    const Clock& clock;
    std::function<action::QueueControl()> queue;                        // as configured now
    std::function<engine::Outcome(const model::MailEvent&)> feed;       // as from any intake
    std::function<std::string(const std::string& recipient)> provider;  // may ask the DNS
    std::function<std::vector<face::PartStatus>()> parts;
    DetourDesk* detours = nullptr;  // lives longer than this
    std::function<base::Result<std::vector<std::string>>()> reload;
    std::function<model::Mode()> burst_mode;
    WatchDesk& watch;
    std::function<std::vector<model::Listing>()> listings;  // of ours that stand, by whomever
    HygieneDesk& hygiene;
    ProviderDesk& provider_files;
    std::function<model::ScreenReport()> screening;
    std::function<intake::MilterPrintSettings()> prints;  // of mail that comes with its body
    base::HashKey key;
    CaseDesk& cases;
    ListDesk* lists = nullptr;  // lives longer than this; null: there are none
    const CaseLetters& letters;
    std::function<std::string()> organisation;  // ours, as configured now
    std::function<void()> held_changed;         // somebody let mail go, or threw it away
    base::TimePoint started_at;
  };
  explicit ControlDesk(Around around) : around_(std::move(around)) {}

  face::ListControl* own_lists() override { return around_.lists; }
  base::Result<face::StatusReport> status(std::size_t most) override;
  base::Result<std::vector<model::BlockFacts>> block_matrix() override;
  base::Result<face::ReachReport> reachable(const std::string& recipient) override;
  base::Result<std::vector<model::Detour>> detours() override;
  base::Result<model::Detour> set_detour(const face::DetourOrder& order) override;
  base::Result<face::RouteReport> route(const std::string& recipient,
                                        const std::optional<std::string>& sender) override;
  base::Result<model::WatchReport> lists() override;
  base::Result<std::vector<model::ListSaid>> look_up(const std::string& subject) override;
  base::Result<model::HygieneReport> hygiene(bool anew) override;
  base::Result<model::ScreenReport> screening() override { return around_.screening(); }
  base::Result<model::ProviderReports> provider_reports() override;
  base::Result<face::CasesReport> cases(bool closed_too) override;
  base::Result<face::CaseReport> find_case(std::uint64_t number) override;
  base::Result<face::CaseReport> work_on_case(const action::CaseOrder& order) override;
  base::Result<action::Letter> case_letter(const face::LetterOrder& order) override;
  base::Result<face::DossierReport> case_dossier(std::uint64_t number) override;
  base::Result<face::SubjectReport> explain(const model::Subject& subject) override;
  base::Result<face::OrderDone> suspend(const face::SuspendOrder& order) override;
  base::Result<face::OrderDone> release(const face::ReleaseOrder& order) override;
  base::Result<std::vector<model::Decision>> exempt(const model::Subject& subject, bool on,
                                                    const std::string& by) override;
  base::Result<model::Decision> announce(const face::AnnounceOrder& order) override;
  base::Result<face::OrderDone> undo(std::uint64_t number, const std::string& by) override;
  base::Result<action::Unattended> unattended() override;
  base::Result<action::Unattended> set_unattended(const face::UnattendedOrder& order) override;
  base::Result<std::vector<face::HeldMessage>> held_mail(const model::Subject& subject) override;
  base::Result<face::QueueReport> queue_work(const model::Subject& subject, face::QueueWork work,
                                             const std::string& by) override;
  base::Result<std::vector<model::Decision>> decisions(std::uint64_t after,
                                                       std::size_t limit) override;
  base::Result<face::FeedReport> feed_events(std::string_view lines) override;
  base::Result<std::vector<std::string>> reload() override;

 private:
  void add_to(face::CaseReport& report) const;
  // Why the queue helper cannot be used now; "" if it can, or is off on purpose.
  [[nodiscard]] std::string queue_trouble() const;
  // A campaign that is over while its mail is on hold or somebody is stopped because of it.
  [[nodiscard]] bool is_undecided(const model::Subject& subject);
  // The subject's held mail and that of others which is to go with it.
  [[nodiscard]] base::Result<face::QueueReport> work_on(const model::Subject& subject,
                                                        face::QueueWork work, const std::string& by,
                                                        const std::vector<model::Subject>& besides);
  [[nodiscard]] base::Result<std::vector<model::QueueKey>> still_held(
      const std::vector<model::QueueKey>& keys);

  Around around_;
};

}  // namespace leumund::apps
