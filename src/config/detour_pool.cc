#include "config/detour_pool.h"

#include <algorithm>

#include "base/ascii.h"
#include "config/text_checks.h"

namespace leumund::config {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t ways_max = 20;
constexpr std::string_view bounces = "<>";
constexpr const char* wanted =
    "want a name, its ways and its senders, like \"tenant ways=out3,out2 "
    "senders=@tenant.example,chief@other.example\"";

bool is_pool_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string take_up_to(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  std::string word(text.substr(0, at));
  text.remove_prefix(std::min(at + 1, text.size()));
  return word;
}

std::string add_way(DetourPool& pool, const std::string& text) {
  auto way = parse_detour_way(text);
  if (!way) return way.error().message;
  if (pool.ways.size() >= ways_max) return "has more than 20 ways";
  const bool again = std::any_of(pool.ways.begin(), pool.ways.end(),
                                 [&](const auto& one) { return one.name == way->name; });
  if (again) return "names the way " + way->name + " twice";
  pool.ways.push_back(std::move(*way));
  return "";
}

std::string add_sender(DetourPool& pool, std::string text) {
  const bool domain = text.starts_with('@');
  std::string checked = domain ? text.substr(1) : text;
  if (text != bounces) {
    const std::string wrong = domain ? check_domain(checked) : check_mail_address(checked);
    if (!wrong.empty()) return "sender \"" + text.substr(0, 100) + "\": " + wrong;
  }
  pool.senders.push_back(domain ? "@" + checked : checked);
  return "";
}

std::string set_field(DetourPool& pool, std::string_view word) {
  const std::string key = take_up_to(word, '=');
  const bool ways = key == "ways";
  if ((!ways && key != "senders") || word.empty()) return wanted;
  while (!word.empty()) {
    std::string one = take_up_to(word, ',');
    const std::string wrong = ways ? add_way(pool, one) : add_sender(pool, std::move(one));
    if (!wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace

base::Result<DetourPool> parse_detour_pool(std::string_view text) {
  DetourPool pool;
  while (!text.empty()) {
    const std::string word = take_up_to(text, ' ');
    if (word.empty()) continue;
    if (pool.name.empty()) {
      if (!is_pool_name(word)) return Error{ErrorCode::malformed, wanted};
      pool.name = word;
    } else if (const std::string wrong = set_field(pool, word); !wrong.empty()) {
      return Error{ErrorCode::malformed, pool.name + ": " + wrong};
    }
  }
  if (pool.ways.empty() || pool.senders.empty()) return Error{ErrorCode::malformed, wanted};
  return pool;
}

DetourPools::DetourPools(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    auto pool = parse_detour_pool(text);
    if (!pool) continue;
    auto at = std::find_if(all_.begin(), all_.end(),
                           [&](const auto& one) { return one.name == pool->name; });
    if (at == all_.end()) {
      if (all_.size() >= pools_max) continue;
      at = all_.insert(all_.end(), DetourPool{pool->name, std::move(pool->ways), {}});
    }
    for (std::string& sender : pool->senders) {
      const auto place = static_cast<std::size_t>(at - all_.begin());
      if (by_sender_.emplace(sender, place).second) at->senders.push_back(std::move(sender));
    }
  }
}

const DetourPool* DetourPools::find(std::string_view name) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one.name == name; });
  return found == all_.end() ? nullptr : &*found;
}

const DetourPool* DetourPools::of_sender(std::string_view sender) const {
  if (all_.empty()) return nullptr;
  for (const std::string& key : sender_keys(sender)) {
    const auto found = by_sender_.find(key);
    if (found != by_sender_.end()) return &all_[found->second];
  }
  return nullptr;
}

std::set<std::string, std::less<>> spare_ways(const RunSettings& settings) {
  std::set<std::string, std::less<>> spare;
  if (settings.detour_mode == DetourMode::off) return spare;
  std::vector<std::vector<DetourWay>> pools = {detour_ways(settings)};
  const DetourPools of_senders(settings.detour_pools);
  for (const DetourPool& pool : of_senders.all()) pools.push_back(pool.ways);
  for (const auto& ways : pools) {
    for (const DetourWay& way : ways) spare.insert(way.name);
  }
  for (const auto& ways : pools) spare.erase(ways.front().name);
  return spare;
}

std::vector<std::string> sender_keys(std::string_view sender) {
  if (sender.empty() || sender == bounces) return {std::string(bounces)};
  const std::string whole = base::ascii_lower(sender);
  const std::size_t at_sign = whole.rfind('@');
  if (at_sign == std::string::npos) return {whole};
  std::vector<std::string> keys = {whole};
  const std::string domain = whole.substr(at_sign);
  // What follows recipient_delimiter, which is "+" wherever there is one.
  const std::size_t plus = whole.find('+');
  if (plus > 0 && plus < at_sign) keys.push_back(whole.substr(0, plus) + domain);
  keys.push_back(domain);
  return keys;
}

}  // namespace leumund::config
