#include "config/screening_options.h"

#include <fmt/core.h>

#include <set>
#include <utility>

#include "config/option_kinds.h"
#include "config/text_checks.h"

namespace leumund::config {
namespace {

using Start = StartSettings;
using std::chrono::seconds;

void add_lists(std::vector<Option>& table) {
  const std::string words =
      "each the id of a list or family in data/registry/blocklists.toml, or a zone in the syntax "
      "of "
      "postscreen_dnsbl_sites (behind no-test-point: if it does not list 127.0.0.2)";
  table.push_back(list_option("screening.block_lists", &Start::screening_block, "list of DNS lists",
                              {}, check_list_word,
                              "Lists of which one refuses a client; " + words + "."));
  table.push_back(list_option(
      "screening.score_lists", &Start::screening_score, "list of DNS lists", {}, check_list_word,
      "Lists that add to a client's score; " + words + ", with a weight like *3 (else 1)."));
  table.push_back(list_option(
      "screening.allow_lists", &Start::screening_allow, "list of DNS lists", {}, check_list_word,
      "Lists whose clients are taken whatever the others say; " + words + "."));
}

// A zone with other codes is another list; the weight alone makes none.
std::string named_twice(const std::vector<std::string>& words) {
  std::set<std::string> seen;
  for (const std::string& word : words) {
    if (!seen.insert(word.substr(0, word.rfind('*'))).second) return word.substr(0, word.find('*'));
  }
  return "";
}

}  // namespace

std::string check_lists_once(const Settings& settings) {
  for (const auto& [name, list] : {std::pair("screening.block_lists", &Start::screening_block),
                                   std::pair("screening.score_lists", &Start::screening_score),
                                   std::pair("screening.allow_lists", &Start::screening_allow)}) {
    const std::string twice = named_twice(settings.start.*list);
    if (twice.empty()) continue;
    return fmt::format("{} names the list {} twice: write it once, with the weight that you mean",
                       name, twice);
  }
  return "";
}

void add_screening(std::vector<Option>& table) {
  table.push_back(text_option(
      "screening.listen", &Start::screening_listen, "listening address", "",
      check_listen_address_or_empty,
      "Policy service that Postfix asks about clients bringing mail from outside: they are looked "
      "up on DNS lists; empty is off."));
  table.push_back(flag_option(
      "screening.enforce", &Start::screening_enforce, false,
      "Whether mail is refused; else a refusal is only told, in log, figures and header."));
  add_lists(table);
  table.push_back(count_option(
      "screening.refuse_score", &Start::screening_refuse_score, "points", std::uint32_t{3},
      std::uint32_t{0}, std::uint32_t{10'000},
      "From which score on a client is refused; 0 leaves scores to the header alone."));
  table.push_back(flag_option("screening.temporary", &Start::screening_temporary, false,
                              "Refuses with 451 instead of 554: the client may come again."));
  table.push_back(flag_option(
      "screening.header", &Start::screening_header, true,
      "Puts X-Leumund-Screen with score and parts into mail of clients that a list lists."));
  table.push_back(span_option("screening.deadline", &Start::screening_deadline, seconds(2),
                              seconds(1), seconds(30),
                              "How long Postfix waits at most for what the lists say; who has not "
                              "answered by then counts for nothing."));
}

}  // namespace leumund::config
