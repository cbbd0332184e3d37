#include "apps/command/diagnose.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "apps/command/input_file.h"
#include "apps/command/verbs.h"
#include "apps/diagnose/diagnose_json.h"
#include "apps/diagnose/diagnose_message.h"
#include "apps/diagnose/pasted_input.h"
#include "base/ip_address.h"
#include "diagnosis/reader.h"
#include "wire/mime.h"

namespace leumund::apps {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using diagnosis::Diagnosis;
using diagnosis::Explainer;
using diagnosis::Reader;

constexpr std::size_t max_line_bytes = 1 << 20;
constexpr std::size_t max_message_bytes = 64UL << 20;

// As people read it: the lines of a reply in a row, nothing that steers a terminal.
std::string on_one_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  std::string out(text);
  std::erase(out, '\r');
  std::replace(out.begin(), out.end(), '\n', ' ');
  return safe(out);
}

// What the caller knows about every reply.
struct Known {
  diagnosis::Stage stage = diagnosis::Stage::unknown;
  std::string_view remote;
  std::string_view provider;
  std::vector<base::IpAddress> ours;
  bool patterns = false;  // are to be told
};

class Printer {
 public:
  Printer(const Reader& reader, const Explanations& explanations, const Known& known, bool json,
          Terminal& terminal)
      : reader_(reader),
        session_(reader),
        explanations_(explanations),
        known_(known),
        json_(json),
        terminal_(terminal) {}

  void reply(const std::string& file, std::string_view text) {
    if (is_log_without_refusal(text)) return;
    const Diagnosis diagnosis = reader_.diagnose({.text = text,
                                                  .provider = known_.provider,
                                                  .remote = known_.remote,
                                                  .stage = known_.stage,
                                                  .our_addresses = known_.ours},
                                                 session_);
    ++count_;
    if (json_) {
      find_patterns(text, {});
      const DiagnosisPlace place{.file = file, .patterns = known_.patterns ? &patterns_ : nullptr};
      terminal_.line(diagnosis_json(diagnosis, place, explanations_));
    } else {
      print_text(on_one_line(text), diagnosis);
    }
  }
  // Nothing is printed for a message that is no report.
  void message(const std::string& file, std::string_view raw) {
    const MessageDiagnosis message = diagnose_message(raw, reports_, reader_, session_);
    for (const auto& [report, diagnosis] : message.recipients) {
      ++count_;
      if (json_) {
        find_patterns(report.text, report.notes);
        const DiagnosisPlace place{.file = file,
                                   .report = &message.report,
                                   .recipient = &report,
                                   .patterns = known_.patterns ? &patterns_ : nullptr};
        terminal_.line(diagnosis_json(diagnosis, place, explanations_));
      } else {
        print_text(fmt::format("{} ({}): {}", safe(report.recipient),
                               report_kind_name(message.report.kind), safe(report.text)),
                   diagnosis);
      }
    }
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  void find_patterns(std::string_view text, const std::vector<std::string>& notes) {
    if (!known_.patterns) return;
    patterns_ = reader_.patterns_in(text, session_);
    for (const std::string& note : notes) {
      const auto more = reader_.patterns_in(note, session_);
      patterns_.insert(patterns_.end(), more.begin(), more.end());
    }
    std::sort(patterns_.begin(), patterns_.end());
    patterns_.erase(std::unique(patterns_.begin(), patterns_.end()), patterns_.end());
  }
  void print_text(const std::string& title, const Diagnosis& d) {
    std::string lists;
    for (const auto& list : d.lists) lists += (lists.empty() ? "" : ", ") + list.id;
    const std::string how_long =
        terminal_.say(d.permanent ? Phrase("diagnosis.permanent") : Phrase("diagnosis.for_now"));
    const auto fault = Phrase::find("fault." + std::string(fault_name(d.fault)));
    std::string facts = terminal_.say("diagnosis.facts", kind_name(d.kind), safe(d.detail),
                                      how_long, fault ? terminal_.say(*fault) : "");
    const auto add = [&](Phrase phrase, const std::string& value) {
      if (!value.empty()) facts += terminal_.say(phrase, safe(value));
    };
    add("diagnosis.address", d.listed_address);
    add("diagnosis.lists", lists);
    add("diagnosis.provider", d.provider);
    const bool german = terminal_.language() == Language::de;
    const Explainer& explainer = german ? explanations_.german : explanations_.english;
    terminal_.line(terminal_.paint(Colour::bold, title));
    terminal_.line("  " + facts);
    if (!d.evidence.empty()) {
      terminal_.line("  " + terminal_.say("diagnosis.because", safe(d.evidence)));
    }
    terminal_.line("  " + safe(explainer.explain(d)));
  }

  const Reader& reader_;
  Reader::Session session_;
  wire::DeliveryReportReader reports_;
  const Explanations& explanations_;
  const Known& known_;
  const bool json_;
  Terminal& terminal_;
  std::vector<std::string_view> patterns_;
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

base::Status take(const std::string& name, std::istream& in, bool replies, Printer& printer) {
  if (replies) {
    read_lines(name, in, printer);
    return {};
  }
  const auto text = read_stream(in, name, max_message_bytes);
  if (!text) return text.error();
  if (is_binary(*text) && !looks_like_message(*text)) return {};
  if (looks_like_message(*text)) {
    for (const std::string_view message : wire::split_mbox(*text)) printer.message(name, message);
    return {};
  }
  if (holds_several_replies(*text)) {
    std::istringstream lines(*text);
    read_lines(name, lines, printer);
    return {};
  }
  const std::string_view reply = std::string_view(*text).substr(0, max_line_bytes);
  if (reply.find_first_not_of(" \t\r\n") != std::string_view::npos) printer.reply(name, reply);
  return {};
}

base::Status diagnose_inputs(const Request& request, Printer& printer) {
  if (request.files.empty()) return take("-", std::cin, request.replies, printer);
  base::Status all;  // the first that cannot be read is told after the others were
  for (const std::string& name : request.files) {
    std::ifstream file(name, std::ios::binary);
    const std::string reason = file ? "" : std::strerror(errno);
    auto done = file ? take(name, file, request.replies, printer)
                     : base::Status(Error{ErrorCode::unavailable, name + ": " + reason});
    if (!done && all) all = std::move(done);
  }
  return all;
}

Result<Known> known_of(const Request& request, const Reader& reader) {
  using diagnosis::Stage;
  Known known{.remote = request.remote,
              .provider = request.provider,
              .ours = {},
              .patterns = request.patterns};
  constexpr std::array<std::pair<std::string_view, Stage>, 6> stages = {
      {{"connect", Stage::connect},
       {"greeting", Stage::greeting},
       {"mail", Stage::mail},
       {"rcpt", Stage::rcpt},
       {"data", Stage::data},
       {"end", Stage::end}}};
  for (const auto& [name, stage] : stages) {
    if (request.stage == name) known.stage = stage;
  }
  const auto& providers = reader.registry().providers;
  if (!request.provider.empty() &&
      std::none_of(providers.begin(), providers.end(),
                   [&](const auto& one) { return one.id == request.provider; })) {
    return Error{ErrorCode::malformed,
                 "--provider '" + request.provider + "' is none of data/registry/providers.toml"};
  }
  for (const std::string& text : request.ours) {
    const auto address = base::IpAddress::parse(text);
    if (!address) return Error{ErrorCode::malformed, "--ours '" + text + "' is no address"};
    known.ours.push_back(*address);
  }
  return known;
}

base::Result<std::size_t> diagnose_all(const Request& request, Terminal& terminal) {
  std::string own_text;
  std::vector<diagnosis::RegistrySource> own;
  if (!request.registry.empty()) {
    auto text = read_input(request.registry, diagnosis::max_registry_bytes);
    if (!text) return text.error();
    own_text = std::move(*text);
    own.push_back({.name = request.registry, .text = own_text});
  }
  const auto reader = Reader::shipped(own);
  if (!reader) return reader.error();
  const auto english = Explainer::open((*reader)->registry(), diagnosis::Language::english);
  if (!english) return english.error();
  const auto german = Explainer::open((*reader)->registry(), diagnosis::Language::german);
  if (!german) return german.error();
  const auto known = known_of(request, **reader);
  if (!known) return known.error();
  const Explanations explanations{.english = **english, .german = **german};
  Printer printer(**reader, explanations, *known, request.json, terminal);
  if (auto done = diagnose_inputs(request, printer); !done) return done.error();
  return printer.count();
}

}  // namespace

int run_diagnose(const Request& request, Terminal& terminal) {
  const auto count = diagnose_all(request, terminal);
  if (!count) {
    return tell_own_error(request, terminal, exit_wrong_use, count.error());
  }
  if (*count > 0) return exit_done;
  if (!request.json) terminal.complain(terminal.say("diagnosis.nothing"));
  return exit_negative;
}

}  // namespace leumund::apps
