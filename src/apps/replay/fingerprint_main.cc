// What is left of messages once they are fingerprinted, one line of JSON each; for the evaluation
// scripts, and for whoever wants to see what is kept of a mail.
//
//     leumund-fingerprint FILE...        messages as they lie in a Maildir
//     leumund-fingerprint <EVENTS.jsonl  submissions of an event stream
//
// The hashes are made with a fixed key: they compare within one run or another of this program,
// never with those of an installation.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <variant>

#include "fingerprint/print_maker.h"
#include "wire/event_line.h"

namespace leumund::apps {
namespace {

using fingerprint::MailPrint;
using fingerprint::PrintMaker;
using fingerprint::PrintSettings;
using model::Fingerprint;

std::string json_of(std::string_view id, const MailPrint& mail) {
  const Fingerprint& print = mail.print;
  std::string out = "{\"id\":";
  wire::write_json_string(id, out);
  out += fmt::format(R"(,"text":"{}","class":"{}","words":{},"signs":[)",
                     model::text_kind_name(print.text), model::mail_class_name(print.mail_class),
                     print.words);
  bool first = true;
  const auto comma = [&] {
    if (!first) out += ',';
    first = false;
  };
  for (auto i = 0U; i <= static_cast<unsigned>(model::MailSign::truncated); ++i) {
    const auto sign = static_cast<model::MailSign>(i);
    if (!print.has(sign)) continue;
    comma();
    out += fmt::format("\"{}\"", model::mail_sign_name(sign));
  }
  out += R"(],"facets":[)";
  first = true;
  for (std::size_t i = 0; i < print.facet_count; ++i) {
    comma();
    out += fmt::format(R"(["{}","{:016x}"])", model::facet_kind_name(print.facet_kinds[i]),
                       print.facet_hashes[i]);
  }
  out += R"(],"phrases":[)";
  first = true;
  for (std::size_t i = 0; i < print.phrase_count; ++i) {
    comma();
    out += std::to_string(print.phrases[i]);
  }
  out += R"(],"sketch":[)";
  first = true;
  for (std::size_t i = 0; print.has_sketch() && i < Fingerprint::sketch_size; ++i) {
    comma();
    out += std::to_string(print.sketch[i]);
  }
  return out + "]}\n";
}

void print_line(const std::string& line) { std::fwrite(line.data(), 1, line.size(), stdout); }

int print_files(int count, char** names, PrintMaker& maker) {
  int status = 0;
  for (int i = 0; i < count; ++i) {
    std::ifstream in(names[i], std::ios::binary);
    const std::string raw((std::istreambuf_iterator<char>(in)), {});
    if (!in.is_open() || in.bad()) {
      fmt::print(stderr, "leumund-fingerprint: {}: {}\n", names[i], std::strerror(errno));
      status = 2;
      continue;
    }
    print_line(json_of(names[i], print_of_message(raw, {}, maker)));
  }
  return status;
}

int print_events(PrintMaker& maker) {
  wire::EventLineReader reader;
  std::string line;
  std::size_t number = 0;
  int status = 0;
  while (std::getline(std::cin, line)) {
    ++number;
    const auto event = reader.read(line);
    if (!event) {
      fmt::print(stderr, "leumund-fingerprint: line {}: {}\n", number, event.error().message);
      status = 2;
      continue;
    }
    const auto* const submission = std::get_if<model::Submission>(&event->what);
    if (submission != nullptr) print_line(json_of(submission->id, print_of(*submission, maker)));
  }
  return status;
}

}  // namespace
}  // namespace leumund::apps

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  try {
    leumund::fingerprint::PrintMaker maker(leumund::fingerprint::PrintSettings{},
                                           leumund::base::HashKey{});
    return argc > 1 ? leumund::apps::print_files(argc - 1, argv + 1, maker)
                    : leumund::apps::print_events(maker);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "leumund-fingerprint: %s\n", error.what());
    return 2;
  }
}
