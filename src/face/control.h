// What the faces need from the running daemon: one method for each verb, in plain values.
//
// Flow:    HTTP request -> Api -> Control -> engine, journal, queue -> plain value -> JSON.
// Time:    the implementation is an edge and reads the clock; spans and ends come in as values.
// Limits:  lists are cut at the `most` or `limit` given.
// Threads: called from the HTTP workers, several at once; must answer within seconds.
// Errors:  by code, and the faces branch on it: `refused` is a clear no (409), `unavailable` from
//          release, undo and a queue verb means nothing stands there (404), elsewhere that a part
//          of the daemon is gone (503), `malformed` and `too_large` are the caller's mistake (400,
//          413).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "action/case_book.h"
#include "action/letter.h"
#include "action/restriction_book.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/engine.h"
#include "face/route_report.h"
#include "model/block.h"
#include "model/decision.h"
#include "model/detour.h"
#include "model/hygiene.h"
#include "model/listing.h"
#include "model/provider_report.h"
#include "model/restriction.h"
#include "model/screen_report.h"
#include "model/subject.h"

namespace leumund::face {

// One thing the daemon depends on, as `status` shows it: an intake, the store, the queue helper.
struct PartStatus {
  std::string name;  // "policy", "log /var/log/mail.log", "store", "tables"
  bool well = true;
  std::string detail;  // "12,301 questions, last 2 s ago"; what to do where it is not well
};

struct StatusReport {
  std::string version;
  base::TimePoint now;
  base::TimePoint started_at;
  model::Mode burst_mode = model::Mode::observe;
  bool unattended_now = false;
  action::Unattended unattended;
  engine::Counters counters;
  engine::Engine::Learning learning;
  std::uint64_t restrictions_total = 0;
  std::uint64_t exemptions_total = 0;
  std::uint64_t last_decision = 0;               // number of the newest
  std::vector<model::Restriction> restrictions;  // newest first, at most `most`
  std::uint64_t would_restrict_total = 0;
  std::vector<model::Restriction> would_restrict;  // of the last day, in observe mode; likewise
  std::vector<std::pair<model::Subject, double>> watched;  // highest score first
  std::vector<PartStatus> parts;
};

struct SubjectReport {
  engine::Explanation explanation;  // its `restriction` pointer is not used: see below
  std::optional<model::Restriction> restriction;
  bool exempt = false;
  std::vector<std::string> checklist;        // what a release needs
  std::vector<model::Decision> decisions;    // about the subject, newest first
  std::vector<model::BlockFacts> cells;      // of an egress or provider
  std::vector<model::Detour> detours;        // likewise
  std::vector<model::Listing> listings;      // of an egress, own address, network, domain or list
  std::vector<std::uint64_t> cases;          // not closed, that have to do with it
  std::vector<model::HygieneFinding> setup;  // faults of an egress, own address or domain
};

// All cases, or those that are not closed; and how everybody in them has treated us.
struct CasesReport {
  std::vector<model::Case> cases;  // newest first
  std::vector<action::PartyFigures> parties;
};

// One case, and what its parties did in earlier ones.
struct CaseReport {
  model::Case one;
  std::vector<action::PartyFigures> parties;
  std::vector<model::HygieneFinding> setup;  // faults of its places
};

struct LetterOrder {
  std::uint64_t number = 0;                        // of the case
  std::string party;                               // "" the one that stands
  std::optional<model::CaseStep> step;             // nothing: the one to take now
  std::optional<config::Language> language;        // nothing: what they read
  config::Language people = config::Language::en;  // of advice and labels
};

// A case with all that a printed page about it shows.
struct DossierReport {
  CaseReport report;
  std::vector<model::Contact> contacts;  // of its parties, in their order
  std::string organisation;              // "" unknown
  base::TimePoint now;
};

// What happens to a subject's held mail when it is released.
enum class HeldMail : std::uint8_t { keep_held, release, remove };

struct SuspendOrder {
  model::Subject subject;
  model::Level level = model::Level::no_sending;
  std::optional<std::chrono::seconds> span;  // nothing: until released
  std::string reason;
  std::string by;
};

struct ReleaseOrder {
  model::Subject subject;
  action::Recovery recovery;
  HeldMail mail = HeldMail::keep_held;
  std::string by;
};

struct AnnounceOrder {
  model::Subject subject;
  std::uint32_t recipients = 0;
  std::optional<base::TimePoint> from;  // nothing: from now
  base::TimePoint until;
  std::string by;
};

// From now (or `from`) to `until`; `until` nothing switches it off.
struct UnattendedOrder {
  std::optional<base::TimePoint> from;
  std::optional<base::TimePoint> until;
  std::string by;
};

enum class QueueWork : std::uint8_t { release, remove };

struct QueueReport {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t kept = 0;  // on hold still because its sender is restricted for his own sake
  std::string detail;      // what went wrong, "" if nothing
};

// What an order did besides its decision.
struct OrderDone {
  model::Decision decision;
  std::optional<model::Restriction> before;  // what stood until then, if it was changed
  std::vector<model::Decision> also;         // made with it: an exemption that ended
  std::string trouble;                       // what is not done yet and why; "" if all is
  std::optional<QueueReport> mail = {};      // of a release that its held mail goes with
};

// One held message of a subject.
struct HeldMessage {
  model::QueueKey queue;
  std::string sender;
  std::uint64_t size_bytes = 0;
  std::uint32_t recipients = 0;
  std::optional<base::TimePoint> arrived_at;
};

// What POST /v1/events did, line by line.
struct FeedReport {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::vector<std::string> problems;  // "line 3: ...", the first few
};

class ListControl;

class Control {
 public:
  virtual ~Control() = default;

  // Our own DNS lists; null: there are none.
  virtual ListControl* own_lists() { return nullptr; }

  virtual base::Result<StatusReport> status(std::size_t most) = 0;
  // All cells, those with trouble first.
  virtual base::Result<std::vector<model::BlockFacts>> block_matrix() = 0;
  virtual base::Result<ReachReport> reachable(const std::string& recipient) = 0;
  virtual base::Result<std::vector<model::Detour>> detours() = 0;
  virtual base::Result<model::Detour> set_detour(const DetourOrder& order) = 0;
  // `sender` as in the envelope; nothing: of nobody in particular.
  virtual base::Result<RouteReport> route(const std::string& recipient,
                                          const std::optional<std::string>& sender) = 0;
  // What of ours stands on DNS lists, and how the lists are.
  virtual base::Result<model::WatchReport> lists() = 0;
  // Asks every list for an address or a domain now; takes seconds.
  virtual base::Result<std::vector<model::ListSaid>> look_up(const std::string& subject) = 0;
  // How our ways out and domains are set up; `anew` looks before it answers and takes seconds.
  virtual base::Result<model::HygieneReport> hygiene(bool anew) = 0;
  // What providers say of us, as the files of watch.reports_folder have it.
  virtual base::Result<model::ProviderReports> provider_reports() = 0;
  // What screening does, and what its lists are worth.
  virtual base::Result<model::ScreenReport> screening() = 0;
  virtual base::Result<CasesReport> cases(bool closed_too) = 0;
  virtual base::Result<CaseReport> find_case(std::uint64_t number) = 0;
  virtual base::Result<CaseReport> work_on_case(const action::CaseOrder& order) = 0;
  // The letter for a step; may ask the DNS for a few seconds.
  virtual base::Result<action::Letter> case_letter(const LetterOrder& order) = 0;
  virtual base::Result<DossierReport> case_dossier(std::uint64_t number) = 0;
  virtual base::Result<SubjectReport> explain(const model::Subject& subject) = 0;
  virtual base::Result<OrderDone> suspend(const SuspendOrder& order) = 0;
  virtual base::Result<OrderDone> release(const ReleaseOrder& order) = 0;
  // No decision: it was exempt (or not exempt) already.
  virtual base::Result<std::vector<model::Decision>> exempt(const model::Subject& subject, bool on,
                                                            const std::string& by) = 0;
  virtual base::Result<model::Decision> announce(const AnnounceOrder& order) = 0;
  virtual base::Result<OrderDone> undo(std::uint64_t number, const std::string& by) = 0;
  virtual base::Result<action::Unattended> unattended() = 0;
  virtual base::Result<action::Unattended> set_unattended(const UnattendedOrder& order) = 0;
  virtual base::Result<std::vector<HeldMessage>> held_mail(const model::Subject& subject) = 0;
  virtual base::Result<QueueReport> queue_work(const model::Subject& subject, QueueWork work,
                                               const std::string& by) = 0;
  // Decisions with number > `after`, oldest first, at most `limit`.
  virtual base::Result<std::vector<model::Decision>> decisions(std::uint64_t after,
                                                               std::size_t limit) = 0;
  // JSON lines of formats.md; the views end with the call.
  virtual base::Result<FeedReport> feed_events(std::string_view lines) = 0;
  // Reads the configuration anew; tells in words what changed and what needs a restart.
  virtual base::Result<std::vector<std::string>> reload() = 0;
};

}  // namespace leumund::face
