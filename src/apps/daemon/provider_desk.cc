#include "apps/daemon/provider_desk.h"

#include <fmt/core.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

#include "action/atomic_file.h"
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
constexpr std::chrono::milliseconds wait_step{100};
constexpr std::size_t files_max = 500;
constexpr std::size_t rows_kept = 7;
constexpr std::size_t places_max = 200'000;
constexpr std::size_t state_bytes_max = 16UL << 20;
constexpr std::chrono::hours stale{7 * 24};  // behind the newest row of the same source
constexpr const char* list_id = "microsoft-snds";

using Key = std::tuple<std::string, std::string, std::string>;  // source, place, reporter

Key key_of(const ProviderFigure& figure) { return {figure.source, figure.place, figure.reporter}; }

std::map<std::string, std::string> own_addresses(const config::Settings& settings) {
  std::map<std::string, std::string> out;  // and their egress
  for (const std::string& text : settings.run.egresses) {
    const auto egress = config::parse_egress(text);
    if (!egress) continue;
    for (const auto& address : egress->addresses) out.emplace(address.to_string(), egress->name);
  }
  for (const std::string& text : settings.start.watch_addresses) {
    if (const auto address = base::IpAddress::parse(text)) out.emplace(address->to_string(), "");
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

std::string words_of(const ProviderFigure& figure) {
  if (figure.source == "snds-status") return figure.comment.empty() ? "blocked" : figure.comment;
  std::string out = "red: most of its mail was taken for spam";
  if (figure.complaint_share) {
    out += fmt::format(", complaints {}{:.2f} %", figure.share_is_below ? "below " : "",
                       100 * *figure.complaint_share);
  }
  if (figure.trap_hits) out += fmt::format(", {} trap hits", *figure.trap_hits);
  return out;
}

Listing listing_of(const std::string& address, const std::string& egress,
                   const ProviderFigure& figure) {
  Listing out;
  out.place = address;
  out.egress = egress;
  out.list = list_id;
  out.list_name = "Microsoft SNDS";
  out.scope = figure.place == address ? "address" : "range";
  out.mender = "us";
  out.codes = {figure.source == "snds" ? "red" : "blocked"};
  out.meaning = words_of(figure);
  out.since = figure.from;
  out.lookup_url = "https://sendersupport.olc.protection.outlook.com/snds/";
  return out;
}

}  // namespace

ProviderDesk::ProviderDesk(Around around) : around_(std::move(around)) {}
ProviderDesk::~ProviderDesk() { stop(); }

void ProviderDesk::start() {
  if (around_.folder.empty()) return;
  load();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  ::pthread_setname_np(thread_.native_handle(), "provider");
}

void ProviderDesk::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void ProviderDesk::run(const std::stop_token& stop) {
  auto next = SteadyClock::now();
  bool judged = false;
  while (!stop.stop_requested()) {
    if (SteadyClock::now() < next) {
      std::this_thread::sleep_for(wait_step);
      continue;
    }
    next = SteadyClock::now() + look_every;
    try {
      const Taken taken = take_files();
      // A start knows no file before its second look: until then what stood goes on standing.
      if (taken.complete && (taken.fresh || !judged)) {
        judge();
        judged = true;
      } else if (taken.fresh) {
        judged = false;
      }
    } catch (const std::exception& error) {
      base::log(LogLevel::error, "provider reports: {}", error.what());
    }
  }
}

// --- files ---------------------------------------------------------------------------------------

std::map<std::string, ProviderDesk::Stamp> ProviderDesk::listed_files(std::string& trouble) const {
  std::map<std::string, Stamp> out;
  std::error_code failed;
  std::filesystem::directory_iterator at(around_.folder, failed);
  if (failed) {
    trouble = fmt::format("{}: {}", around_.folder, failed.message());
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
    trouble = fmt::format("{} holds {} files more than the {} that are read", around_.folder, more,
                          files_max);
  }
  return out;
}

ProviderDesk::File ProviderDesk::read(const std::string& name, Stamp stamp) const {
  File file;
  file.stamp = stamp;
  file.told.name = name;
  file.told.read_at = around_.clock.now();
  const auto content =
      action::read_file(around_.folder + "/" + name, wire::provider_file_bytes_max);
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
  // A status is of the moment it was fetched: the file's own time.
  const base::TimePoint fetched(
      std::chrono::duration_cast<base::Micros>(std::chrono::nanoseconds(stamp.first)));
  for (ProviderFigure& figure : file.figures) {
    if (figure.source == "snds-status") figure.from = figure.until = fetched;
  }
  return file;
}

ProviderDesk::Taken ProviderDesk::take_files() {
  std::string trouble;
  const auto now = listed_files(trouble);
  const auto before = std::exchange(seen_, now);
  Taken taken;
  taken.complete = trouble.empty() || !now.empty();
  taken.fresh = state_.with([&](State& state) {
    state.trouble = trouble;
    // A folder that cannot be read says nothing of its files.
    if (!taken.complete) return false;
    return std::erase_if(state.files, [&](const auto& one) { return !now.contains(one.first); }) >
           0;
  });
  for (const auto& [name, stamp] : now) {
    const auto last = before.find(name);
    const bool settled = last != before.end() && last->second == stamp;  // nobody writes it now
    const bool known = state_.with([&](const State& state) {
      const auto found = state.files.find(name);
      return found != state.files.end() && found->second.stamp == stamp;
    });
    if (known) continue;
    if (!settled) {
      taken.complete = false;
      continue;
    }
    File file = read(name, stamp);
    base::log(file.told.bad > 0 ? LogLevel::warn : LogLevel::info,
              "provider report file={} kind={} rows={} bad={}{}{}", name, file.told.kind,
              file.told.rows, file.told.bad, file.told.problems.empty() ? "" : ": ",
              file.told.problems.empty() ? "" : file.told.problems.front());
    state_.with([&](State& state) { state.files[name] = std::move(file); });
    taken.fresh = true;
  }
  return taken;
}

// --- what is told --------------------------------------------------------------------------------

model::ProviderReports ProviderDesk::report() const {
  model::ProviderReports out;
  out.folder = around_.folder;
  std::map<Key, std::vector<ProviderFigure>> latest;
  state_.with([&](const State& state) {
    out.trouble = state.trouble;
    for (const auto& [name, file] : state.files) {
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
  });
  for (auto& [key, rows] : latest) {
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return a.from > b.from; });
    std::move(rows.begin(), rows.end(), std::back_inserter(out.figures));
  }
  return out;
}

// Own addresses whose newest word is red or blocked.
void ProviderDesk::judge() {
  const auto own = own_addresses(around_.settings());
  const auto all = report();
  std::map<std::string, base::TimePoint> newest;  // by source
  for (const auto& figure : all.figures) {
    auto& at = newest[figure.source];
    at = std::max(at, figure.from);
  }
  std::map<std::string, Listing> wanted;
  std::set<Key> told;
  for (const auto& figure : all.figures) {
    const bool first = told.insert(key_of(figure)).second;  // the newest stands first
    const bool microsoft = figure.source == "snds" || figure.source == "snds-status";
    if (!first || !microsoft || figure.colour != "red") continue;
    if (newest[figure.source] - figure.from > stale) continue;
    for (const auto& [text, egress] : own) {
      const auto address = base::IpAddress::parse(text);
      if (address && covers(figure.place, *address)) {
        wanted.try_emplace(text, listing_of(text, egress, figure));
      }
    }
  }
  std::vector<Listing> news;
  const auto now = around_.clock.now();
  state_.with([&](State& state) {
    for (auto& [address, listing] : state.standing) {
      if (wanted.contains(address)) continue;
      listing.until = now;
      news.push_back(listing);
    }
    for (auto& [address, listing] : wanted) {
      const auto known = state.standing.find(address);
      if (known == state.standing.end()) {
        news.push_back(listing);
      } else {
        listing.since = known->second.since;
      }
      listing.last_seen = now;
    }
    state.standing = wanted;
  });
  for (const Listing& listing : news) tell(listing);
  if (!news.empty()) save();
}

void ProviderDesk::tell(const Listing& listing) {
  around_.pipeline.command([&](engine::Engine& engine) {
    model::Decision decision;
    decision.number = engine.book().next_number();
    decision.kind = listing.until ? model::DecisionKind::delisted : model::DecisionKind::listed;
    decision.at = around_.clock.now();
    decision.subject = listing.egress.empty() ? model::Subject{SubjectKind::address, listing.place}
                                              : model::Subject{SubjectKind::egress, listing.egress};
    decision.detector = "watch";
    decision.by = "watch";
    decision.restriction.subject = decision.subject;
    decision.restriction.since = listing.since;
    decision.restriction.reason = fmt::format("{} {} on {} ({}): {}", listing.place,
                                              listing.until ? "is no longer listed" : "is listed",
                                              listing.list_name, listing.list, listing.meaning);
    decision.listing = listing;
    return std::pair(0, std::vector{std::move(decision)});
  });
}

// First the decision, then this: a kill in between tells one twice, never none.
void ProviderDesk::save() const {
  std::string text;
  state_.with([&](const State& state) {
    for (const auto& [address, listing] : state.standing) {
      text += storage::encode_listing(listing) + "\n";
    }
  });
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
      state_.with([&](State& state) { state.standing[listing->place] = std::move(*listing); });
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

std::vector<Listing> ProviderDesk::listings() const {
  std::vector<Listing> out;
  state_.with([&](const State& state) {
    for (const auto& [address, listing] : state.standing) out.push_back(listing);
  });
  return out;
}

std::optional<face::PartStatus> ProviderDesk::part() const {
  if (around_.folder.empty()) return std::nullopt;
  std::string trouble;
  std::size_t files = 0;
  std::uint64_t rows = 0;
  state_.with([&](const State& state) {
    trouble = state.trouble;
    files = state.files.size();
    for (const auto& [name, file] : state.files) {
      rows += file.told.rows;
      if (trouble.empty() && file.told.bad > 0) {
        trouble = fmt::format("{}: {} lines cannot be read: {}", name, file.told.bad,
                              file.told.problems.empty() ? "" : file.told.problems.front());
      }
    }
    for (const auto& [address, listing] : state.standing) {
      trouble = fmt::format("{} on {}: {}", address, listing.list_name, listing.meaning);
      break;
    }
  });
  return face::PartStatus{
      "provider reports", trouble.empty(),
      trouble.empty() ? fmt::format("{} files, {} rows", files, rows) : trouble};
}

void ProviderDesk::add_metrics(std::vector<face::Metric>& out) const {
  if (around_.folder.empty()) return;
  const auto all = report();
  face::Metric colour{"leumund_provider_colour", "0 green, 1 yellow, 2 red: the newest word.", {}};
  face::Metric share{"leumund_provider_complaint_share", "Complaints of the mails seen.", {}};
  std::set<Key> told;
  for (const auto& figure : all.figures) {
    if (!told.insert(key_of(figure)).second) continue;
    const std::vector<std::pair<std::string, std::string>> labels = {
        {"source", figure.source}, {"place", figure.place}, {"reporter", figure.reporter}};
    if (!figure.colour.empty()) {
      const double value = figure.colour == "red" ? 2 : figure.colour == "yellow" ? 1 : 0;
      colour.samples.push_back({labels, value});
    }
    if (figure.complaint_share) share.samples.push_back({labels, *figure.complaint_share});
  }
  double bad = 0;
  for (const auto& file : all.files) bad += static_cast<double>(file.bad);
  out.push_back(std::move(colour));
  out.push_back(std::move(share));
  out.push_back(
      {"leumund_provider_lines_bad", "Lines of their files that cannot be read.", {{{}, bad}}});
}

}  // namespace leumund::apps
