// Any output of postconf: a plan, and the way back gives what was there before, value by value.
// The input is four parts separated by lines with a single "%".
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "face/postfix_connect.h"

namespace {

using namespace leumund::face;

std::string_view part(std::string_view& rest) {
  const auto end = rest.find("\n%\n");
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 3);
  return taken;
}

PostfixView carried_out(PostfixView on, const std::vector<PostfixChange>& changes) {
  for (const PostfixChange& change : changes) {
    auto* set = &on.main;
    for (auto& service : on.services) {
      if (!change.service.empty() && service.key == change.service) set = &service.overrides;
    }
    if (change.after) {
      (*set)[change.parameter] = *change.after;
    } else {
      set->erase(change.parameter);
    }
  }
  return on;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  // A definition of ours that the admin's own values name stays: then not all is as before.
  if (rest.find("leumund_") != std::string_view::npos) return 0;
  const std::string_view set = part(rest);
  const std::string_view defaults = part(rest);
  const std::string_view overrides = part(rest);
  const PostfixView before = parse_postconf({set, defaults, overrides, part(rest)});
  for (std::size_t i = 0; i < before.services.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (before.services[i].key == before.services[j].key) return 0;  // Postfix refuses that
    }
  }
  PostfixWish wish;
  wish.policy_service = "inet:127.0.0.1:10040";
  leumund::config::StartSettings start;
  start.table_folder = "/t";
  wish.files = leumund::config::postfix_files(start);
  const PostfixPlan plan = plan_connect(before, wish, {});
  const PostfixView between = carried_out(before, plan.changes);
  if (!plan_connect(between, wish, plan.record).changes.empty()) std::abort();
  const PostfixView after = carried_out(between, plan_disconnect(between, plan.record).changes);
  if (after.main != before.main) std::abort();
  for (std::size_t i = 0; i < before.services.size(); ++i) {
    if (after.services[i].overrides != before.services[i].overrides) std::abort();
  }
  return 0;
}
