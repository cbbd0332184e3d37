#include "apps/daemon/provider_desk.h"

#include <fmt/core.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "action/atomic_file.h"
#include "apps/daemon/listing_decision.h"
#include "base/filled.h"
#include "base/log.h"
#include "config/egress.h"
#include "storage/listing_codec.h"
#include "wire/provider_file.h"

namespace leumund::apps {
namespace {

using base::LogLevel;
using model::Listing;
using model::ProviderFigure;
using model::SubjectKind;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_every{2000};
constexpr std::size_t files_max = 500;
constexpr std::size_t rows_kept = 7;
constexpr std::size_t places_max = 200'000;
constexpr std::size_t shown_max = 1000;
constexpr std::size_t state_bytes_max = 16UL << 20;
constexpr std::chrono::hours stale{7 * 24};      // behind the newest word of the same source
constexpr std::chrono::hours silent{30 * 24};    // nothing newer came at all
constexpr std::chrono::minutes judge_every{10};  // words grow old without a file
constexpr const char* list_id = "microsoft-snds";

using Key = std::tuple<std::string, std::string, std::string>;  // source, place, reporter

Key key_of(const ProviderFigure& figure) { return {figure.source, figure.place, figure.reporter}; }

// Other domains of mail are customers', which metrics do not name.
std::set<std::string> configured_domains(const config::RunSettings& run) {
  std::set<std::string> out;
  for (const auto* names : {&run.own_domains, &run.watch_domains, &run.hygiene_domains}) {
    out.insert(names->begin(), names->end());
  }
  return out;
}

// "192.0.2.25", or a range of two addresses that a status has.
bool covers(const std::string& place, const base::IpAddress& address) {
  const auto dash = place.find('-');
  const auto first = base::IpAddress::parse(place.substr(0, dash));
  const auto last =
      dash == std::string::npos ? first : base::IpAddress::parse(place.substr(dash + 1));
  return first && last && first->is_v4() == address.is_v4() && *first <= address &&
         address <= *last;
}

std::string meaning_of(const ProviderFigure& figure) {
  if (figure.source == "snds-status") return "blocked";
  std::string out = "most of its mail was taken for spam";
  if (figure.complaint_share) {
    out += fmt::format(", complaints {}{:.2f} %", figure.share_is_below ? "below " : "",
                       100 * *figure.complaint_share);
  }
  if (figure.trap_hits) out += ", " + base::fill("{} <trap hit|trap hits>", *figure.trap_hits);
  return out;
}

Listing listing_of(const config::OwnAddress& own, const ProviderFigure& figure) {
  Listing out;
  out.place = own.address.to_string();
  out.egress = own.egress;
  out.list = list_id;
  out.list_name = "Microsoft SNDS";
  out.scope = figure.place == out.place ? "address" : "range";
  out.mender = "us";
  out.codes = {figure.source == "snds" ? "red" : "blocked"};
  out.meaning = meaning_of(figure);
  if (figure.source == "snds-status") out.reason = figure.comment;  // theirs
  out.since = figure.from;
  out.lookup_url = "https://sendersupport.olc.protection.outlook.com/snds/";
  return out;
}

}  // namespace

std::map<std::string, base::TimePoint, std::less<>> last_told(const model::ProviderReports& report,
                                                              base::TimePoint now) {
  std::map<std::string, base::TimePoint, std::less<>> out;
  const auto note = [&](const std::string& source, base::TimePoint at) {
    auto& last = out[source];
    last = std::max(last, std::min(at, now));
  };
  for (const auto& figure : report.figures) note(figure.source, figure.from);
  for (const auto& file : report.files) {
    if (file.bad == 0) note(file.kind.empty() ? "snds" : file.kind, file.written);
  }
  return out;
}

bool holds(const ProviderFigure& figure, base::TimePoint told, base::TimePoint now) {
  return told - figure.from <= stale && now - figure.from <= silent;
}

ProviderDesk::ProviderDesk(Around around) : around_(std::move(around)) {}
ProviderDesk::~ProviderDesk() { stop(); }

void ProviderDesk::start() {
  load();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_setname_np(thread_.native_handle(), "provider");
}

void ProviderDesk::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  static_cast<void>(wake_.push(1));
  thread_.join();
}

void ProviderDesk::look_soon() { static_cast<void>(wake_.push(1)); }

void ProviderDesk::run(const std::stop_token& stop) {
  auto next = SteadyClock::now();
  auto judge_again = next;
  bool judged = false;
  bool complete = false;
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - SteadyClock::now());
    if (wake_.pop(std::max(left, std::chrono::milliseconds(0)))) judged = false;
    if (stop.stop_requested()) return;
    try {
      if (SteadyClock::now() >= next) {
        next = SteadyClock::now() + look_every;
        const Taken taken = take_files();
        complete = taken.complete;
        if (taken.fresh) judged = false;
      }
      // A start knows no file before its second look: until then what stood goes on standing.
      if (judged && SteadyClock::now() < judge_again) continue;
      judge_again = SteadyClock::now() + judge_every;
      publish();
      if (complete) judge();
      judged = complete;
    } catch (const std::exception& error) {
      base::log(LogLevel::error, "provider reports: {}", error.what());
    }
  }
}

// --- files ---------------------------------------------------------------------------------------

std::map<std::string, ProviderDesk::Stamp> ProviderDesk::listed_files() {
  std::map<std::string, Stamp> out;
  trouble_.clear();
  if (folder_.empty()) return out;
  std::error_code failed;
  std::filesystem::directory_iterator at(folder_, failed);
  if (failed) {
    trouble_ = fmt::format("{}: {}", folder_, failed.message());
    return out;
  }
  std::uint64_t more = 0;
  for (const auto end = std::filesystem::directory_iterator(); !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().filename();
    struct stat info{};
    if (name.starts_with('.') || name.ends_with('~') || name.ends_with(".part") ||
        ::stat(at->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
      continue;
    }
    constexpr std::int64_t second = 1'000'000'000;
    if (out.size() == files_max) {
      ++more;
      continue;
    }
    out[name] = {info.st_mtim.tv_sec * second + info.st_mtim.tv_nsec,
                 static_cast<std::uint64_t>(info.st_size)};
  }
  if (more > 0) {
    trouble_ =
        fmt::format("{} holds {} files more than the {} that are read", folder_, more, files_max);
  }
  return out;
}

ProviderDesk::File ProviderDesk::read(const std::string& name, Stamp stamp) const {
  File file;
  file.stamp = stamp;
  file.told.name = name;
  file.told.read_at = around_.clock.now();
  // A status is of the moment it was fetched: the file's own time.
  file.told.written = base::TimePoint(
      std::chrono::duration_cast<base::Micros>(std::chrono::nanoseconds(stamp.first)));
  const auto content = action::read_file(folder_ + "/" + name, wire::provider_file_bytes_max);
  auto rows = content.ok() ? wire::read_provider_file(content->bytes)
                           : base::Result<wire::ProviderRows>(content.error());
  if (!rows) {
    file.told.bad = 1;
    file.told.problems = {rows.error().message};
    return file;
  }
  file.told.kind = rows->kind;
  file.told.rows = rows->figures.size();
  file.told.bad = rows->bad;
  file.told.problems = std::move(rows->problems);
  file.figures = std::move(rows->figures);
  for (ProviderFigure& figure : file.figures) {
    if (figure.source == "snds-status") figure.from = figure.until = file.told.written;
  }
  return file;
}

ProviderDesk::Taken ProviderDesk::take_files() {
  folder_ = around_.settings().run.watch_reports_folder;
  const std::string trouble = trouble_;
  const auto now = listed_files();
  const auto before = std::exchange(seen_, now);
  Taken taken;
  taken.complete = trouble_.empty() || !now.empty();
  taken.fresh = trouble_ != trouble;
  // A folder that cannot be read says nothing of its files.
  if (taken.complete) {
    taken.fresh |=
        std::erase_if(files_, [&](const auto& one) { return !now.contains(one.first); }) > 0;
  }
  for (const auto& [name, stamp] : now) {
    const auto known = files_.find(name);
    if (known != files_.end() && known->second.stamp == stamp) continue;
    const auto last = before.find(name);
    if (last == before.end() || last->second != stamp) {  // somebody may be writing it
      taken.complete = false;
      continue;
    }
    File file = read(name, stamp);
    base::log(file.told.bad > 0 ? LogLevel::warn : LogLevel::info,
              "provider report file={} kind={} rows={} bad={}{}{}", name, file.told.kind,
              file.told.rows, file.told.bad, file.told.problems.empty() ? "" : ": ",
              file.told.problems.empty() ? "" : file.told.problems.front());
    files_[name] = std::move(file);
    taken.fresh = true;
  }
  return taken;
}

// --- what is told --------------------------------------------------------------------------------

void ProviderDesk::publish() {
  auto told = std::make_shared<Told>();
  model::ProviderReports& out = told->report;
  out.folder = folder_;
  out.trouble = trouble_;
  std::map<Key, std::vector<ProviderFigure>> latest;
  for (const auto& [name, file] : files_) {
    out.files.push_back(file.told);
    for (const auto& figure : file.figures) {
      const auto known = latest.find(key_of(figure));
      if (known == latest.end() && latest.size() >= places_max) {
        ++out.older;
        continue;
      }
      auto& rows = known == latest.end() ? latest[key_of(figure)] : known->second;
      // Two files may have the same row: the folder keeps yesterday's as well.
      const auto same = [&](const auto& row) { return row.from == figure.from; };
      if (const auto twin = std::find_if(rows.begin(), rows.end(), same); twin != rows.end()) {
        *twin = figure;
        continue;
      }
      rows.push_back(figure);
      if (rows.size() <= rows_kept) continue;
      ++out.older;
      rows.erase(std::min_element(rows.begin(), rows.end(),
                                  [](const auto& a, const auto& b) { return a.from < b.from; }));
    }
  }
  const auto run = around_.settings().run;
  const auto own = config::own_addresses(run.egresses, run.watch_addresses);
  const auto is_shown = [&](const std::string& place) {
    if (!base::IpAddress::parse(place.substr(0, place.find('-')))) return true;  // a domain
    return std::any_of(own.begin(), own.end(),
                       [&](const auto& one) { return covers(place, one.address); });
  };
  for (auto& [key, rows] : latest) {
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return a.from > b.from; });
    if (told->shown.size() < shown_max && is_shown(rows.front().place)) {
      told->shown.push_back(rows.front());
    }
    std::move(rows.begin(), rows.end(), std::back_inserter(out.figures));
  }
  told_.publish(std::move(told));
}

model::ProviderReports ProviderDesk::report() const { return told_.read()->report; }

// Own addresses whose newest word is red or blocked.
void ProviderDesk::judge() {
  const auto run = around_.settings().run;
  const auto own = config::own_addresses(run.egresses, run.watch_addresses);
  const auto told = told_.read();
  const auto now = around_.clock.now();
  const auto newest = last_told(told->report, now);
  std::map<std::string, base::TimePoint> outlived;  // by address: its last word
  std::map<std::string, Listing> wanted;
  std::set<Key> seen;
  for (const auto& figure : told->report.figures) {
    const bool first = seen.insert(key_of(figure)).second;  // the newest stands first
    const bool microsoft = figure.source == "snds" || figure.source == "snds-status";
    if (!first || !microsoft || figure.colour != "red") continue;
    const bool stands = holds(figure, newest.at(figure.source), now);
    for (const auto& one : own) {
      if (!covers(figure.place, one.address)) continue;
      if (!stands) {
        outlived[one.address.to_string()] = figure.from;
        continue;
      }
      Listing listing = listing_of(one, figure);
      wanted.try_emplace(listing.place, std::move(listing));
    }
  }
  std::vector<Listing> news;
  standing_.with([&](auto& standing) {
    for (auto& [address, listing] : standing) {
      if (wanted.contains(address)) continue;
      listing.until = now;
      if (const auto last = outlived.find(address); last != outlived.end()) {
        listing.meaning = "nothing newer since " + base::format_rfc3339(last->second);
      }
      news.push_back(listing);
    }
    for (auto& [address, listing] : wanted) {
      const auto known = standing.find(address);
      if (known == standing.end()) {
        news.push_back(listing);
      } else {
        listing.since = known->second.since;
      }
      listing.last_seen = now;
    }
    standing = std::move(wanted);
  });
  for (const Listing& listing : news) around_.pipeline.note(decision_of(listing, "watch", now));
  if (!news.empty()) save();
}

// First the decision, then this: a kill in between tells one twice, never none.
void ProviderDesk::save() const {
  std::string text;
  for (const Listing& listing : listings()) text += storage::encode_listing(listing) + "\n";
  const auto done =
      action::write_file_atomically(around_.state_folder + "/provider_listings", text, 0640);
  if (!done.ok()) base::log(LogLevel::error, "provider listings: {}", done.error().message);
}

void ProviderDesk::load() {
  const std::string path = around_.state_folder + "/provider_listings";
  const auto there = action::identify_file(path);
  if (!there.ok() || !there->exists()) return;
  const auto content = action::read_file(path, state_bytes_max);
  if (!content.ok()) {
    base::log(LogLevel::error, "provider listings: {}", content.error().message);
    return;
  }
  std::string_view rest = content->bytes;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (auto listing = storage::decode_listing(rest.substr(0, end))) {
      standing_.with([&](auto& standing) { standing[listing->place] = std::move(*listing); });
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

std::vector<Listing> ProviderDesk::listings() const {
  std::vector<Listing> out;
  standing_.with([&](const auto& standing) {
    for (const auto& [address, listing] : standing) out.push_back(listing);
  });
  return out;
}

std::optional<face::PartStatus> ProviderDesk::part() const {
  const auto told = told_.read();
  const model::ProviderReports& now = told->report;
  if (now.folder.empty()) return std::nullopt;
  std::string trouble = now.trouble;
  std::uint64_t rows = 0;
  for (const auto& file : now.files) {
    rows += file.rows;
    if (trouble.empty() && file.bad > 0) {
      trouble = base::fill("{}: {} <line|lines> cannot be read: {}", file.name, file.bad,
                           file.problems.empty() ? "" : file.problems.front());
    }
  }
  if (const auto red = listings(); !red.empty()) {
    trouble =
        fmt::format("{} on {}: {}", red.front().place, red.front().list_name, red.front().meaning);
  }
  return face::PartStatus{"provider reports", trouble.empty(),
                          trouble.empty()
                              ? base::fill("{} <file|files>, {} <row|rows>", now.files.size(), rows)
                              : trouble};
}

void ProviderDesk::add_metrics(std::vector<face::Metric>& out) const {
  const auto told = told_.read();
  if (told->report.folder.empty()) return;
  face::Metric colour{"leumund_provider_colour", "0 green, 1 yellow, 2 red: the newest word.", {}};
  face::Metric share{"leumund_provider_complaint_share", "Complaints of the mails seen.", {}};
  // Of several figures of domains that are not configured, the worst.
  using Labels = std::vector<std::pair<std::string, std::string>>;
  std::map<Labels, double> colours;
  std::map<Labels, double> shares;
  const std::set<std::string> named = configured_domains(around_.settings().run);
  for (const auto& figure : told->shown) {
    const bool address =
        base::IpAddress::parse(figure.place.substr(0, figure.place.find('-'))).has_value();
    const bool shown = figure.place.empty() || address || named.contains(figure.place);
    const std::string place = shown ? figure.place : "other";
    const Labels labels = {
        {"source", figure.source}, {"place", place}, {"reporter", figure.reporter}};
    if (!figure.colour.empty()) {
      const double value = figure.colour == "red" ? 2 : figure.colour == "yellow" ? 1 : 0;
      colours[labels] = std::max(colours[labels], value);
    }
    if (figure.complaint_share) shares[labels] = std::max(shares[labels], *figure.complaint_share);
  }
  for (const auto& [labels, value] : colours) colour.samples.push_back({labels, value});
  for (const auto& [labels, value] : shares) share.samples.push_back({labels, value});
  double bad = 0;
  for (const auto& file : told->report.files) bad += static_cast<double>(file.bad);
  out.push_back(std::move(colour));
  out.push_back(std::move(share));
  out.push_back(
      {"leumund_provider_lines_bad", "Lines of their files that cannot be read.", {{{}, bad}}});
}

}  // namespace leumund::apps
