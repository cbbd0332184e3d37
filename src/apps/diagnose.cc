#include "apps/diagnose.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>

#include "apps/diagnose_message.h"
#include "diagnosis/explain.h"
#include "diagnosis/reader.h"
#include "wire/mime.h"

namespace leumund::apps {
namespace {

using diagnosis::Diagnosis;
using diagnosis::Explainer;
using diagnosis::Language;
using diagnosis::Reader;

constexpr std::size_t max_line_bytes = 1 << 20;
constexpr std::size_t max_message_bytes = 64 << 20;
constexpr std::size_t max_own_registry_bytes = diagnosis::max_registry_bytes;

constexpr const char* usage =
    "usage: leumund diagnose [--replies] [--json] [--registry FILE] [FILE...]\n"
    "Says what refusals mean. Each file is a raw message (a delivery report, a complaint; an mbox "
    "may\n"
    "hold several) or one bare reply of a mail server, which may have several lines. With "
    "--replies\n"
    "each line is one reply. No FILE: standard input.\n"
    "  --json           one JSON object per reply, or per recipient of a report\n"
    "  --registry FILE  further patterns of your own (TOML, as in docs/diagnosis.md)\n";

struct Options {
  bool replies = false;
  bool json = false;
  bool help = false;
  std::string registry_file;
  std::vector<std::string> files;
};

// Returns the argument that is wrong, or nothing.
std::string parse(const std::vector<std::string>& arguments, Options& options) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--replies")
      options.replies = true;
    else if (argument == "--json")
      options.json = true;
    else if (argument == "--help" || argument == "-h")
      options.help = true;
    else if (argument == "--registry" && i + 1 < arguments.size()) {
      options.registry_file = arguments[++i];
    } else if (argument.starts_with("--")) {
      return argument;
    } else {
      options.files.push_back(argument);
    }
  }
  return {};
}

base::Result<std::string> read_file(const std::string& name, std::size_t limit) {
  std::ifstream file(name, std::ios::binary);
  if (!file) {
    return base::Error{base::ErrorCode::unavailable,
                       fmt::format("{}: {}", name, std::strerror(errno))};
  }
  std::string text(limit + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return base::Error{base::ErrorCode::unavailable, name + ": cannot be read"};
  if (text.size() > limit) {
    return base::Error{base::ErrorCode::too_large,
                       fmt::format("{}: more than {} bytes", name, limit)};
  }
  return text;
}

nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

const char* stage_word(model::DeliveryStage stage) {
  switch (stage) {
    case model::DeliveryStage::unknown: return "unknown";
    case model::DeliveryStage::connect: return "connect";
    case model::DeliveryStage::greeting: return "greeting";
    case model::DeliveryStage::mail: return "mail";
    case model::DeliveryStage::rcpt: return "rcpt";
    case model::DeliveryStage::data: return "data";
    case model::DeliveryStage::end: return "end";
  }
  return "unknown";
}

class Printer {
 public:
  Printer(const Reader& reader, const Explainer& english, const Explainer& german, bool json,
          std::FILE* out)
      : reader_(reader),
        session_(reader),
        english_(english),
        german_(german),
        json_(json),
        out_(out) {}

  void reply(const std::string& file, std::string_view text) {
    const Diagnosis diagnosis = reader_.diagnose({.text = text}, session_);
    ++count_;
    if (json_)
      print_json(file, nullptr, diagnosis);
    else
      print_text(text, diagnosis);
  }
  // Nothing is printed for a message that is no report.
  void message(const std::string& file, std::string_view raw) {
    const MessageDiagnosis message = diagnose_message(raw, reports_, reader_, session_);
    for (const auto& [report, diagnosis] : message.recipients) {
      ++count_;
      if (json_) {
        const Recipient about{message.report, report};
        print_json(file, &about, diagnosis);
      } else {
        fmt::print(out_, "{} ({}): ", report.recipient, report_kind_name(message.report.kind));
        print_text(report.text, diagnosis);
      }
    }
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  struct Recipient {
    const wire::DeliveryReport& report;
    const wire::RecipientReport& of;
  };

  // Further fields of a result that comes from a report.
  static void add_report(const Recipient& about, nlohmann::ordered_json& object) {
    const wire::OriginalMessage& original = about.report.original;
    object["report"] = report_kind_name(about.report.kind);
    object["text"] = about.of.text;
    object["stage"] = stage_word(about.of.stage);
    object["reporting_mta"] = text_or_null(about.report.reporting_mta);
    object["original"] = {{"message_id", text_or_null(original.message_id)},
                          {"queue_id", text_or_null(original.queue_id)},
                          {"from", text_or_null(original.from)},
                          {"subject", text_or_null(original.subject)},
                          {"trace", text_or_null(original.trace)}};
    if (!about.report.feedback) return;
    const wire::FeedbackReport& feedback = *about.report.feedback;
    object["feedback"] = {
        {"type", feedback.type},
        {"source_ip", text_or_null(feedback.source_ip ? feedback.source_ip->to_string() : "")},
        {"reported_domain", text_or_null(feedback.reported_domain)},
        {"auth_failure", text_or_null(feedback.auth_failure)},
        {"redacted", feedback.redacted}};
  }

  void print_json(const std::string& file, const Recipient* about, const Diagnosis& d) {
    nlohmann::ordered_json lists = nlohmann::ordered_json::array();
    nlohmann::ordered_json delist = nlohmann::ordered_json::array();
    for (const auto& list : d.lists) {
      lists.push_back(list.id);
      if (!list.delist_url.empty()) delist.push_back(list.delist_url);
    }
    const std::string action(about == nullptr ? (d.permanent ? "failed" : "delayed")
                                              : report_action_name(about->of.action));
    nlohmann::ordered_json object = {
        {"file", file},
        {"recipient",
         about == nullptr ? nlohmann::ordered_json(nullptr) : text_or_null(about->of.recipient)},
        {"action", text_or_null(action)},
        {"code", d.code == 0 ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(d.code)},
        {"status", text_or_null(d.status)},
        {"permanent", d.permanent},
        {"kind", kind_name(d.kind)},
        {"detail", d.detail},
        {"reason", d.reason},
        {"scope", scope_name(d.scope)},
        {"fault", fault_name(d.fault)},
        {"listed_address", text_or_null(d.listed_address)},
        {"lists", std::move(lists)},
        {"zone", text_or_null(d.zone)},
        {"lookup_url", text_or_null(d.lookup_url)},
        {"delist_urls", std::move(delist)},
        {"provider", text_or_null(d.provider)},
        {"remote", text_or_null(d.remote)},
        {"pool", text_or_null(d.pool)},
        {"hops", d.hops},
        {"evidence", d.evidence},
        {"meaning", d.meaning},
        {"confidence", d.confidence},
        {"advice", d.advice},
        {"explanation", {{"en", english_.explain(d)}, {"de", german_.explain(d)}}},
    };
    if (about != nullptr) add_report(*about, object);
    // Replies come in any charset; what is no UTF-8 is replaced.
    const std::string line =
        object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    std::fprintf(out_, "%s\n", line.c_str());
  }

  void print_text(std::string_view text, const Diagnosis& d) {
    std::string lists;
    for (const auto& list : d.lists) lists += (lists.empty() ? "" : ", ") + list.id;
    fmt::print(out_, "{}\n  {} ({}), {}, fault {}", text, kind_name(d.kind), d.detail,
               d.permanent ? "permanent" : "for now", fault_name(d.fault));
    if (!d.listed_address.empty()) fmt::print(out_, ", address {}", d.listed_address);
    if (!lists.empty()) fmt::print(out_, ", list {}", lists);
    if (!d.provider.empty()) fmt::print(out_, ", by {}", d.provider);
    fmt::print(out_, "\n  because it says: {}\n  {}\n", d.evidence, english_.explain(d));
  }

  const Reader& reader_;
  Reader::Session session_;
  wire::DeliveryReportReader reports_;
  const Explainer& english_;
  const Explainer& german_;
  const bool json_;
  std::FILE* out_;
  std::size_t count_ = 0;
};

void read_lines(const std::string& name, std::istream& in, Printer& printer) {
  std::string line;
  while (std::getline(in, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    line.resize(std::min(line.size(), max_line_bytes));
    printer.reply(name, line);
  }
}

int diagnose_inputs(const Options& options, Printer& printer, std::FILE* err) {
  const auto take = [&](const std::string& name, std::istream& in) {
    if (options.replies) {
      read_lines(name, in, printer);
      return;
    }
    std::string text(max_message_bytes, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (looks_like_message(text)) {
      for (const std::string_view message : wire::split_mbox(text)) printer.message(name, message);
      return;
    }
    text.resize(std::min(text.size(), max_line_bytes));
    printer.reply(name, text);
  };
  if (options.files.empty()) take("-", std::cin);
  for (const std::string& name : options.files) {
    std::ifstream file(name, std::ios::binary);
    if (!file) {
      fmt::print(err, "leumund diagnose: {}: {}\n", name, std::strerror(errno));
      return 2;
    }
    take(name, file);
  }
  return printer.count() == 0 ? 1 : 0;
}

}  // namespace

int run_diagnose(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err) {
  Options options;
  const std::string wrong = parse(arguments, options);
  if (!wrong.empty() || options.help) {
    if (!wrong.empty()) fmt::print(err, "leumund diagnose: unknown option {}\n", wrong);
    std::fputs(usage, wrong.empty() ? out : err);
    return wrong.empty() ? 0 : 2;
  }
  const auto fail = [&](const base::Error& error) {
    fmt::print(err, "leumund diagnose: {}\n", error.message);
    return 2;
  };
  std::string own_text;
  std::vector<diagnosis::RegistrySource> own;
  if (!options.registry_file.empty()) {
    auto text = read_file(options.registry_file, max_own_registry_bytes);
    if (!text) return fail(text.error());
    own_text = std::move(*text);
    own.push_back({.name = options.registry_file, .text = own_text});
  }
  const auto reader = Reader::shipped(own);
  if (!reader) return fail(reader.error());
  const auto english = Explainer::open((*reader)->registry(), Language::english);
  if (!english) return fail(english.error());
  const auto german = Explainer::open((*reader)->registry(), Language::german);
  if (!german) return fail(german.error());
  Printer printer(**reader, **english, **german, options.json, out);
  return diagnose_inputs(options, printer, err);
}

}  // namespace leumund::apps
