#include "apps/replay/replay.h"

#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <memory>
#include <unordered_set>
#include <utility>

#include "apps/replay/campaign_features.h"
#include "apps/replay/event_file.h"
#include "base/time.h"
#include "diagnosis/reader.h"
#include "engine/engine.h"
#include "fingerprint/print_maker.h"
#include "wire/event_line.h"

namespace leumund::apps {
namespace {

constexpr int wrong_use = 2;
// As detectors.campaign.span is shipped: from a campaign's last mail on.
constexpr std::chrono::hours campaign_span{24 * 7};

constexpr std::string_view usage =
    "Usage: leumund-replay [OPTIONS] [FILE...]\n"
    "Runs the engine over recorded events (JSON lines; .gz and .zst by name; - is standard "
    "input).\n"
    "  --enforce                 answer as if in force: what was not let in has no deliveries "
    "(default)\n"
    "  --observe                 only report what would be restricted\n"
    "  --json                    one JSON object per submission and decision\n"
    "  --detector-settings FILE  constants of the detector, lines `name = number`\n"
    "  --explain-features FILE   write what each submission's score was made of, tab-separated\n"
    "  --campaigns               look for campaigns too, by the text of messages\n"
    "  --campaign-features FILE  write what each mail's part in campaigns was made of, "
    "tab-separated\n"
    "  --campaign-settings FILE  constants of the campaign detector, lines `name = number`\n"
    "  --help                    this text\n";

// A score is printed with four decimals at most, so that it reads the same everywhere.
std::string score_text(double score) {
  std::string text = fmt::format("{:.4f}", score);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string time_text(base::TimePoint at) {
  const std::int64_t micros = at.time_since_epoch().count();
  std::string text = fmt::format("{}.{:06}", micros / 1'000'000, std::abs(micros % 1'000'000));
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

// Reads `name = number` lines; section heads, comments and texts in quotes are passed over.
template <typename Settings>
base::Status read_settings(const std::string& path, Settings& settings) {
  auto file = EventFile::open(path, 4096);
  if (!file) return file.error();
  for (;;) {
    const auto line = (*file)->next();
    if (!line) return line.error();
    if (line->end) return {};
    std::string_view text = line->text.substr(0, line->text.find('#'));
    const auto trim = [](std::string_view part) {
      while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
      while (!part.empty() && (part.back() == ' ' || part.back() == '\t' || part.back() == '\r'))
        part.remove_suffix(1);
      return part;
    };
    text = trim(text);
    const std::size_t equals = text.find('=');
    if (text.empty() || text.front() == '[' || equals == std::string_view::npos) continue;
    const std::string_view value = trim(text.substr(equals + 1));
    if (!value.empty() && (value.front() == '"' || value.front() == '[')) continue;
    double number = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
    base::Status status =
        parsed.ec == std::errc() && parsed.ptr == value.data() + value.size()
            ? settings.set(trim(text.substr(0, equals)), number)
            : base::Status(base::Error{base::ErrorCode::malformed, "not a number"});
    if (!status.ok()) {
      return base::Error{base::ErrorCode::malformed,
                         fmt::format("{}:{}: {}", path, line->number, status.error().message)};
    }
  }
}

class Replay {
 public:
  Replay(const ReplayOptions& options, const verdict::Settings& detection,
         const verdict::CampaignSettings& campaign,
         std::shared_ptr<const diagnosis::Reader> replies, std::FILE* out, std::FILE* err,
         std::FILE* features, std::FILE* campaign_features)
      : options_(options),
        out_(out),
        err_(err),
        features_(features),
        campaign_features_(campaign_features),
        campaign_(campaign),
        engine_(engine_settings(options, detection, campaign), std::move(replies)) {
    if (features_ != nullptr) write_feature_head();
    if (campaign_features_ != nullptr) write_campaign_head(campaign_features_);
  }

  base::Status run_file(const std::string& path);
  void report() const;
  // Not one event among lines that all were wrong: the wrong file was named.
  [[nodiscard]] bool nothing_but_bad_lines() const { return events_ == 0 && bad_lines_ > 0; }

 private:
  static engine::Settings engine_settings(const ReplayOptions& options,
                                          const verdict::Settings& detection,
                                          const verdict::CampaignSettings& campaign) {
    engine::Settings settings;  // the hash key stays all zero: the same output for the same input
    settings.detection = detection;
    settings.campaign = campaign;
    settings.campaigns = options.campaigns;
    settings.book.default_mode = options.enforce ? model::Mode::enforce : model::Mode::observe;
    settings.book.detector_spans["campaign"] = campaign_span;
    return settings;
  }

  // What is left of the body: made here, as the edges of the daemon do.
  void add_print(model::MailEvent& event);
  void feed(const model::MailEvent& event);
  [[nodiscard]] bool did_not_leave(const model::MailEvent& event) const;
  void print_answer(const model::Submission& submission, base::TimePoint at,
                    const engine::Outcome& outcome);
  void print_decision(const model::Decision& decision);
  void print_decision_json(const model::Decision& decision);
  void print_block_json(const model::Decision& decision);
  void write_feature_head();
  void write_features(const model::Submission& submission, const engine::Outcome& outcome);
  void bad_line(const std::string& path, std::uint64_t number, std::string_view why);
  void show_progress(const EventFile& file, bool done);

  const ReplayOptions& options_;
  std::FILE* out_;
  std::FILE* err_;
  std::FILE* features_;
  std::FILE* campaign_features_;
  verdict::CampaignSettings campaign_;
  engine::Engine engine_;
  fingerprint::PrintMaker prints_{fingerprint::PrintSettings{}, base::HashKey{}};
  std::unordered_set<std::string> stopped_;  // ids of submissions that were not let in
  std::uint64_t events_ = 0;
  std::uint64_t submissions_ = 0;
  std::uint64_t stopped_submissions_ = 0;
  std::uint64_t decisions_ = 0;
  std::uint64_t bad_lines_ = 0;
  std::chrono::steady_clock::time_point shown_at_;
  std::string line_;
};

base::Status Replay::run_file(const std::string& path) {
  auto file = EventFile::open(path, wire::event_line_bytes_max);
  if (!file) return file.error();
  using Bodies = wire::EventLineReader::Bodies;
  wire::EventLineReader reader(options_.campaigns ? Bodies::keep : Bodies::leave_out);
  for (;;) {
    const auto line = (*file)->next();
    if (!line) return line.error();
    if (line->end) break;
    if (line->cut) {
      bad_line(path, line->number,
               fmt::format("line is longer than {} bytes", wire::event_line_bytes_max));
      continue;
    }
    if (line->text.empty()) continue;
    auto event = reader.read(line->text);
    if (!event) {
      bad_line(path, line->number, event.error().message);
      continue;
    }
    add_print(*event);
    feed(*event);
    if (options_.progress && events_ % 4096 == 0) show_progress(**file, false);
  }
  if (options_.progress) show_progress(**file, true);
  return {};
}

void Replay::add_print(model::MailEvent& event) {
  auto* submission = std::get_if<model::Submission>(&event.what);
  if (submission == nullptr || submission->body.empty()) return;
  const fingerprint::MailPrint made = fingerprint::print_of(*submission, prints_);
  submission->print = std::make_shared<const model::Fingerprint>(made.print);
  submission->body = {};
}

bool Replay::did_not_leave(const model::MailEvent& event) const {
  if (const auto* delivery = std::get_if<model::Delivery>(&event.what))
    return stopped_.contains(delivery->id);
  if (const auto* complaint = std::get_if<model::Complaint>(&event.what))
    return stopped_.contains(complaint->id);
  return false;
}

void Replay::feed(const model::MailEvent& event) {
  ++events_;
  if (options_.enforce && !stopped_.empty() && did_not_leave(event)) return;
  // As in life the engine hears of an event a moment after it happened, so that no decision is
  // dated before its cause, whatever was rounded on the way.
  const base::TimePoint now = event.occurred_at + std::chrono::milliseconds(1);
  for (const model::Decision& decision : engine_.tick(now)) print_decision(decision);
  const engine::Outcome outcome = engine_.feed(event, now);
  for (const model::Decision& decision : outcome.decisions) print_decision(decision);
  const auto* submission = std::get_if<model::Submission>(&event.what);
  if (submission == nullptr) return;
  ++submissions_;
  const bool passed = outcome.answer.disposition == model::Disposition::pass ||
                      outcome.answer.disposition == model::Disposition::warn;
  if (!passed) {
    ++stopped_submissions_;
    if (!submission->id.empty()) stopped_.insert(submission->id);
  }
  print_answer(*submission, event.occurred_at, outcome);
  if (features_ != nullptr) write_features(*submission, outcome);
  if (campaign_features_ != nullptr)
    write_campaign_features(*submission, outcome, campaign_, campaign_features_);
}

void Replay::print_answer(const model::Submission& submission, base::TimePoint at,
                          const engine::Outcome& outcome) {
  if (!options_.json) return;
  line_ = "{\"id\":";
  wire::write_json_string(submission.id, line_);
  line_ += fmt::format(",\"at\":{},\"subject\":", time_text(at));
  wire::write_json_string(
      outcome.subject.name.empty() ? std::string() : outcome.subject.to_string(), line_);
  line_ +=
      fmt::format(",\"answer\":\"{}\",\"score\":{}}}\n",
                  model::disposition_name(outcome.answer.disposition), score_text(outcome.score));
  std::fwrite(line_.data(), 1, line_.size(), out_);
}

void Replay::print_decision(const model::Decision& decision) {
  ++decisions_;
  if (options_.json) {
    print_decision_json(decision);
    return;
  }
  std::string text =
      fmt::format("{} {} {}", base::format_rfc3339(decision.at),
                  model::decision_kind_name(decision.kind), decision.subject.to_string());
  if (decision.kind == model::DecisionKind::restricted ||
      decision.kind == model::DecisionKind::would_restrict) {
    text += fmt::format(" to {}, score {:.1f}, after {} recipients",
                        model::level_name(decision.restriction.level), decision.score,
                        decision.recipients_before);
  }
  if (decision.block) text += ": " + decision.restriction.reason;
  fmt::print(out_, "{}\n", text);
  for (const model::Term& term : decision.terms)
    fmt::print(out_, "  {:+6.2f}  {}\n", term.value, term.text);
}

// A change of the block matrix restricts nobody and has fields of its own.
void Replay::print_block_json(const model::Decision& decision) {
  const model::BlockFacts& facts = decision.block->facts;
  line_ = fmt::format("{{\"decision\":\"{}\",\"at\":{},\"subject\":",
                      model::decision_kind_name(decision.kind), time_text(decision.at));
  wire::write_json_string(decision.subject.to_string(), line_);
  line_ += ",\"kind\":\"block\",\"egress\":";
  wire::write_json_string(facts.egress, line_);
  line_ += ",\"provider\":";
  wire::write_json_string(facts.provider, line_);
  line_ += fmt::format(",\"state\":\"{}\",\"since\":{},\"lists\":[",
                       model::cell_state_name(facts.state), time_text(facts.since));
  for (std::size_t i = 0; i < facts.lists.size(); ++i) {
    if (i > 0) line_ += ',';
    wire::write_json_string(facts.lists[i], line_);
  }
  line_ += fmt::format(
      "],\"private\":{},\"refused_share\":{},\"mails\":{},\"recipients\":{},"
      "\"sender_domains\":{},\"accounts\":{},\"score\":{},\"terms\":[]}}\n",
      facts.private_list, score_text(facts.refused_share), facts.mails, facts.recipients,
      facts.sender_domains, facts.accounts, score_text(decision.score));
  std::fwrite(line_.data(), 1, line_.size(), out_);
}

void Replay::print_decision_json(const model::Decision& decision) {
  if (decision.block) return print_block_json(decision);
  // A campaign that was found is a line of its own kind; its release and end are like any other's.
  const bool campaign = decision.subject.kind == model::SubjectKind::campaign &&
                        (decision.kind == model::DecisionKind::restricted ||
                         decision.kind == model::DecisionKind::would_restrict);
  line_ = fmt::format("{{\"decision\":\"{}\",\"at\":{},\"subject\":",
                      campaign ? "campaign" : model::decision_kind_name(decision.kind),
                      time_text(decision.at));
  wire::write_json_string(decision.subject.to_string(), line_);
  line_ += ",\"kind\":";
  wire::write_json_string(decision.detector, line_);
  line_ +=
      fmt::format(",\"level\":\"{}\",\"score\":{},\"recipients_before\":{},\"held_queue_ids\":[",
                  model::level_name(decision.restriction.level), score_text(decision.score),
                  decision.recipients_before);
  for (std::size_t i = 0; i < decision.held.size(); ++i) {
    if (i > 0) line_ += ',';
    wire::write_json_string(decision.held[i].queue_id, line_);
  }
  const auto names = [this](const std::vector<std::string>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0) line_ += ',';
      wire::write_json_string(all[i], line_);
    }
  };
  if (campaign) {
    line_ += "],\"accounts\":[";
    names(decision.accounts);
    line_ += "],\"messages\":[";
    names(decision.messages);
  }
  line_ += "],\"terms\":[";
  for (std::size_t i = 0; i < decision.terms.size(); ++i) {
    const model::Term& term = decision.terms[i];
    line_ += i > 0 ? ",{\"name\":" : "{\"name\":";
    wire::write_json_string(term.name, line_);
    line_ += fmt::format(",\"value\":{},\"text\":", score_text(term.value));
    wire::write_json_string(term.text, line_);
    line_ += ",\"events\":[";
    for (std::size_t k = 0; k < term.events.size(); ++k) {
      if (k > 0) line_ += ',';
      wire::write_json_string(term.events[k], line_);
    }
    line_ += "]}";
  }
  line_ += "]}\n";
  std::fwrite(line_.data(), 1, line_.size(), out_);
}

void Replay::write_feature_head() {
  fmt::print(features_, "id\tat\tsubject\tanswer\tscore");
  for (std::size_t i = 0; i < verdict::term_count; ++i) {
    fmt::print(features_, "\t{}", verdict::term_name(static_cast<verdict::TermName>(i)));
  }
  fmt::print(features_,
             "\thour_contacts\tday_contacts\tusual_per_hour\tlargest_hour\tlargest_day\thours_"
             "active\tdays_active\t"
             "silent_days\tnetworks\tnetworks_usual\tnew_network\n");
}

void Replay::write_features(const model::Submission& submission, const engine::Outcome& outcome) {
  const verdict::Tally& t = outcome.tally;
  std::string id;  // as a JSON string: an id may hold anything
  wire::write_json_string(submission.id, id);
  std::string subject;
  wire::write_json_string(outcome.subject.to_string(), subject);
  fmt::print(features_, "{}\t{}\t{}\t{}\t{}", id, submissions_, subject,
             model::disposition_name(outcome.answer.disposition), score_text(outcome.score));
  for (const double value : outcome.judgement.values)
    fmt::print(features_, "\t{}", score_text(value));
  fmt::print(features_, "\t{:.2f}\t{:.2f}\t{:.3f}\t{:.2f}\t{:.2f}\t{}\t{}\t{:.2f}\t{}\t{}\t{}\n",
             t.hour_contacts, t.day_contacts, t.usual_per_hour, t.largest_hour, t.largest_day,
             t.hours_active, t.days_active, t.silent_days, t.networks, t.networks_usual,
             t.from_new_network ? 1 : 0);
}

void Replay::bad_line(const std::string& path, std::uint64_t number, std::string_view why) {
  constexpr std::uint64_t shown_max = 20;
  if (++bad_lines_ <= shown_max) fmt::print(err_, "{}:{}: {}\n", path, number, why);
  if (bad_lines_ == shown_max) fmt::print(err_, "further bad lines are only counted\n");
}

void Replay::show_progress(const EventFile& file, bool done) {
  const auto now = std::chrono::steady_clock::now();
  if (!done && now - shown_at_ < std::chrono::milliseconds(200)) return;
  shown_at_ = now;
  const double share = file.bytes_all() == 0 ? 0
                                             : 100.0 * static_cast<double>(file.bytes_read()) /
                                                   static_cast<double>(file.bytes_all());
  fmt::print(err_, "\r{} events, {} decisions, {:.0f} % of the file{}", events_, decisions_, share,
             done ? "\n" : "");
  std::fflush(err_);
}

void Replay::report() const {
  if (!options_.json) {
    fmt::print(out_, "{} events, {} submissions, {} not let in, {} decisions\n", events_,
               submissions_, stopped_submissions_, decisions_);
  }
  if (bad_lines_ > 0) fmt::print(err_, "{} bad lines skipped\n", bad_lines_);
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// Nothing behind the pointer for no name.
base::Result<File> open_for_writing(const std::string& path) {
  File file(nullptr, &std::fclose);
  if (path.empty()) return file;
  file.reset(std::fopen(path.c_str(), "we"));
  if (!file) {
    return base::Error{base::ErrorCode::unavailable, fmt::format("{}: cannot be written", path)};
  }
  return file;
}

}  // namespace

base::Status replay(const ReplayOptions& options, std::FILE* out, std::FILE* err) {
  verdict::Settings detection;
  if (!options.detector_settings.empty()) {
    if (auto status = read_settings(options.detector_settings, detection); !status.ok()) {
      return status;
    }
  }
  verdict::CampaignSettings campaign;
  if (!options.campaign_settings.empty()) {
    if (auto status = read_settings(options.campaign_settings, campaign); !status.ok())
      return status;
  }
  auto features = open_for_writing(options.features);
  if (!features) return features.error();
  auto campaign_features = open_for_writing(options.campaign_features);
  if (!campaign_features) return campaign_features.error();
  auto replies = diagnosis::Reader::shipped();
  if (!replies) return replies.error();
  Replay run(options, detection, campaign, std::move(*replies), out, err, features->get(),
             campaign_features->get());
  std::vector<std::string> files = options.files;
  if (files.empty()) files.emplace_back("-");
  for (const std::string& file : files) {
    if (auto status = run.run_file(file); !status.ok()) return status;
  }
  run.report();
  if (std::fflush(out) != 0 || std::ferror(out) != 0) {
    return base::Error{base::ErrorCode::unavailable, "the output cannot be written"};
  }
  if (run.nothing_but_bad_lines()) {
    return base::Error{base::ErrorCode::malformed, "no line of the input is an event"};
  }
  return {};
}

namespace {

std::string* file_option(ReplayOptions& options, std::string_view word) {
  return word == "--detector-settings"   ? &options.detector_settings
         : word == "--explain-features"  ? &options.features
         : word == "--campaign-settings" ? &options.campaign_settings
         : word == "--campaign-features" ? &options.campaign_features
                                         : nullptr;
}

}  // namespace

int run_replay(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err) {
  ReplayOptions options;
  options.progress = isatty(fileno(err)) == 1;
  bool only_files = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (only_files || word == "-" || !word.starts_with("-")) {
      options.files.push_back(word);
    } else if (word == "--") {
      only_files = true;
    } else if (word == "--enforce" || word == "--observe") {
      options.enforce = word == "--enforce";
    } else if (word == "--json") {
      options.json = true;
    } else if (word == "--help") {
      fmt::print(out, "{}", usage);
      return 0;
    } else if (word == "--campaigns") {
      options.campaigns = true;
    } else if (std::string* file = file_option(options, word);
               file != nullptr && i + 1 < arguments.size()) {
      *file = arguments[++i];
    } else {
      fmt::print(err, "leumund-replay: {} is not an option, or lacks its value\n{}", word, usage);
      return wrong_use;
    }
  }
  if (const auto done = replay(options, out, err); !done.ok()) {
    fmt::print(err, "leumund-replay: {}\n", done.error().message);
    return wrong_use;
  }
  return 0;
}

}  // namespace leumund::apps
