#include "diagnosis/registry.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/ascii.h"

namespace leumund::diagnosis {
namespace {

using base::Error;
using base::ErrorCode;
using base::Status;

// One table of a source, with enough of its whereabouts to name it in an error.
struct Entry {
  const toml::table& table;
  std::string_view file;
  std::string_view kind;

  [[nodiscard]] Error error(std::string_view what) const {
    return {ErrorCode::malformed,
            fmt::format("{}:{}: [[{}]] {}", file, table.source().begin.line, kind, what)};
  }
  [[nodiscard]] std::string where(const toml::node& node) const {
    return fmt::format("{}:{}", file, node.source().begin.line);
  }
  [[nodiscard]] std::string text(std::string_view key) const {
    return table[key].value_or<std::string>("");
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> out;
    if (const toml::array* values = table[key].as_array()) {
      for (const toml::node& value : *values) out.push_back(value.value_or<std::string>(""));
    }
    return out;
  }
};

template <typename T>
T* find(std::vector<T>& items, std::string_view id) {
  const auto it = std::find_if(items.begin(), items.end(), [&](const T& t) { return t.id == id; });
  return it == items.end() ? nullptr : &*it;
}

template <typename T>
T& find_or_add(std::vector<T>& items, const std::string& id) {
  if (T* found = find(items, id)) return *found;
  items.emplace_back().id = id;
  return items.back();
}

Status check_length(const Pattern& pattern) {
  if (pattern.re.size() <= max_pattern_bytes) return {};
  return Error{ErrorCode::too_large,
               fmt::format("{}: a pattern of {} bytes, at most {} are taken", pattern.where,
                           pattern.re.size(), max_pattern_bytes)};
}

base::Result<std::vector<Pattern>> read_patterns(const Entry& entry, std::string_view key) {
  std::vector<Pattern> out;
  const toml::array* values = entry.table[key].as_array();
  if (values == nullptr) return out;
  for (const toml::node& value : *values) {
    const toml::table* table = value.as_table();
    if (table == nullptr) return entry.error(fmt::format("{}: each must be a table", key));
    Pattern pattern{.re = (*table)["re"].value_or<std::string>(""),
                    .sample = (*table)["sample"].value_or<std::string>(""),
                    .where = entry.where(*table)};
    if (pattern.re.empty()) return entry.error(fmt::format("{}: a pattern without re", key));
    if (auto fits = check_length(pattern); !fits) return fits.error();
    out.push_back(std::move(pattern));
  }
  return out;
}

void append(std::vector<Pattern>& to, std::vector<Pattern>&& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

Status read_concept(const Entry& entry, Registry& registry) {
  const std::string id = entry.text("id");
  if (id.empty()) return entry.error("has no id");
  auto patterns = read_patterns(entry, "words");
  if (!patterns) return patterns.error();
  if (patterns->empty()) return entry.error(fmt::format("'{}' has no words", id));
  Concept& concept_ = find_or_add(registry.concepts, id);
  append(concept_.patterns, std::move(*patterns));
  auto pages = read_patterns(entry, "pages");
  if (!pages) return pages.error();
  append(concept_.pages, std::move(*pages));
  if (concept_.source.empty()) concept_.source = entry.text("source");
  return {};
}

base::Result<Meaning> read_meaning(const Entry& entry) {
  Meaning out;
  out.id = entry.text("id");
  if (out.id.empty()) return entry.error("has no id");
  const auto wrong = [&](std::string_view key) {
    return entry.error(fmt::format("'{}': {} = '{}' is not known", out.id, key, entry.text(key)));
  };
  out.needs = entry.texts("needs");
  out.any = entry.texts("any");
  out.unless = entry.texts("unless");
  out.weight = entry.table["weight"].value_or(0.0);
  out.detail = entry.text("detail");
  out.reason = entry.text("reason");
  out.advice = entry.text("advice");
  out.sample = entry.text("sample");
  out.where = entry.where(entry.table);
  if (!kind_from_name(entry.text("kind"), out.kind)) return wrong("kind");
  if (!scope_from_name(entry.text("scope"), out.scope)) return wrong("scope");
  if (!fault_from_name(entry.text("fault"), out.fault)) return wrong("fault");
  if (out.detail.empty() || out.reason.empty() || out.advice.empty()) {
    return entry.error(fmt::format("'{}' needs detail, reason and advice", out.id));
  }
  if (!is_advice(out.advice)) return wrong("advice");
  if (out.weight < 0 || out.weight > 100) {
    return entry.error(fmt::format("'{}': weight {} is not within 0 and 100", out.id, out.weight));
  }
  return out;
}

Status read_meaning_into(const Entry& entry, std::vector<Meaning>& to) {
  auto meaning = read_meaning(entry);
  if (!meaning) return meaning.error();
  if (find(to, meaning->id) != nullptr) {
    return entry.error(fmt::format("'{}' is there twice", meaning->id));
  }
  to.push_back(std::move(*meaning));
  return {};
}

std::string domain_of_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return {};
  const std::size_t begin = scheme + 3;
  std::string host = url.substr(begin, url.find_first_of("/:?", begin) - begin);
  if (host.starts_with("www.")) host.erase(0, 4);
  return host;
}

// The last two labels; near enough to tell an operator's own page from somebody else's.
std::string_view registered_domain(std::string_view host) {
  const std::size_t last = host.rfind('.');
  if (last == std::string_view::npos || last == 0) return host;
  const std::size_t before = host.rfind('.', last - 1);
  return before == std::string_view::npos ? host : host.substr(before + 1);
}

Status read_list(const Entry& entry, Registry& registry) {
  const std::string id = entry.text("id");
  if (id.empty()) return entry.error("has no id");
  if (entry.text("polarity") == "allow") return {};
  BlockList& list = find_or_add(registry.lists, id);
  if (list.name.empty()) list.name = entry.text("name");
  if (list.family.empty()) list.family = entry.text("family");
  const std::string zone = entry.text("zone");
  if (!zone.empty() && zone.find('{') == std::string::npos) list.hosts.push_back(zone);
  for (std::string& host : entry.texts("hosts")) list.hosts.push_back(std::move(host));
  if (list.lookup_url.empty()) list.lookup_url = entry.text("lookup_url");
  if (list.delist_url.empty()) list.delist_url = entry.text("delist_url");
  if (list.delist_method.empty()) list.delist_method = entry.text("delist_method");
  const auto types = entry.texts("types");
  if (!types.empty()) {
    list.lists_domains = std::none_of(types.begin(), types.end(),
                                      [](const std::string& t) { return t.starts_with("ip"); });
  }
  list.lists_domains = entry.table["lists_domains"].value_or(list.lists_domains);
  const std::string status = entry.text("status");
  if (!status.empty()) list.dead = status.starts_with("dead");
  list.family_name = entry.table["family_name"].value_or(list.family_name);
  list.umbrella = entry.table["umbrella"].value_or(list.umbrella);
  if (list.part_of.empty()) list.part_of = entry.text("part_of");
  auto names = read_patterns(entry, "names");
  if (!names) return names.error();
  append(list.names, std::move(*names));
  auto pages = read_patterns(entry, "pages");
  if (!pages) return pages.error();
  append(list.pages, std::move(*pages));
  return {};
}

Status read_provider_replies(const Entry& entry, Provider& provider) {
  const toml::array* replies = entry.table["replies"].as_array();
  if (replies == nullptr) return {};
  for (const toml::node& node : *replies) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return entry.error("replies: each must be a table");
    const auto text = [&](std::string_view key) { return (*table)[key].value_or<std::string>(""); };
    ProviderReply reply{
        .pattern = {.re = text("re"), .sample = text("sample"), .where = entry.where(*table)},
        .reply_class = text("class"),
        .scope = text("scope"),
        .meaning = text("meaning"),
        .action = text("action"),
        .list = text("list"),
        .detail = text("detail"),
        .alone = (*table)["alone"].value_or(false)};
    if (reply.pattern.re.empty() || reply.reply_class.empty()) {
      return entry.error(fmt::format("'{}': a reply needs re and class", provider.id));
    }
    if (!reply.action.empty() && !is_advice(reply.action)) {
      return Error{
          ErrorCode::malformed,
          fmt::format("{}: '{}': action '{}' is not known; there are {}", reply.pattern.where,
                      provider.id, reply.action, fmt::join(advice_names(), ", "))};
    }
    if (auto fits = check_length(reply.pattern); !fits) return fits;
    provider.replies.push_back(std::move(reply));
  }
  return {};
}

void read_provider_contact(const Entry& entry, Provider& provider) {
  if (provider.delist_email.empty()) provider.delist_email = entry.text("delist_email");
  if (provider.delist_note.empty()) provider.delist_note = entry.text("delist_note");
  if (provider.postmaster_url.empty()) provider.postmaster_url = entry.text("postmaster_url");
  if (provider.country.empty()) provider.country = entry.text("country");
  if (entry.text("confidence") == "low") provider.low_confidence = true;
  const std::int64_t hours = entry.table["block_hours"].value_or(std::int64_t{0});
  if (hours > 0 && hours < 100'000) provider.block_hours = static_cast<std::uint32_t>(hours);
  for (std::string& value : entry.texts("beside")) provider.beside.push_back(std::move(value));
}

Status read_provider(const Entry& entry, Registry& registry) {
  const std::string id = entry.text("id");
  if (id.empty()) return entry.error("has no id");
  Provider& provider = find_or_add(registry.providers, id);
  if (entry.table["replaces_replies"].value_or(false)) {
    provider.marks.clear();
    provider.replies.clear();
  }
  if (provider.name.empty()) provider.name = entry.text("name");
  if (provider.private_list.empty()) provider.private_list = entry.text("private_list");
  if (provider.delist_url.empty()) provider.delist_url = entry.text("delist_url");
  if (provider.delist_method.empty()) provider.delist_method = entry.text("delist_method");
  read_provider_contact(entry, provider);
  for (std::string& value : entry.texts("mx_suffix")) provider.mx_suffixes.push_back(value);
  for (std::string& value : entry.texts("domains")) provider.domains.push_back(value);
  for (std::string& value : entry.texts("hosts")) provider.hosts.push_back(value);
  auto marks = read_patterns(entry, "marks");
  if (!marks) return marks.error();
  append(provider.marks, std::move(*marks));
  return read_provider_replies(entry, provider);
}

Status read_marker(const Entry& entry, Registry& registry) {
  Marker marker{.pattern = {.re = entry.text("re"),
                            .sample = entry.text("sample"),
                            .where = entry.where(entry.table)},
                .back = entry.table["back"].value_or(0U),
                .kind = entry.text("kind")};
  constexpr std::array<std::string_view, 7> stages = {"",     "connect", "greeting", "mail",
                                                      "rcpt", "data",    "end"};
  const std::string stage = entry.text("stage");
  const auto it = std::find(stages.begin(), stages.end(), stage);
  if (it == stages.end()) return entry.error(fmt::format("stage '{}' is not known", stage));
  marker.stage = static_cast<Stage>(it - stages.begin());
  if (marker.pattern.re.empty()) return entry.error("has no re");
  if (marker.kind != "answer" && marker.kind != "wrapper" && marker.kind != "stage") {
    return entry.error(fmt::format("kind '{}' is not answer, wrapper or stage", marker.kind));
  }
  if (auto fits = check_length(marker.pattern); !fits) return fits;
  registry.markers.push_back(std::move(marker));
  return {};
}

Status read_reason(const Entry& entry, Registry& registry) {
  constexpr std::array<std::string_view, reason_place_count> places = {
      "sending-side", "usual", "telling", "status", "loose-status"};
  const std::string place = entry.text("place");
  const auto it = std::find(places.begin(), places.end(), place);
  if (it == places.end()) return entry.error(fmt::format("place '{}' is not known", place));
  const std::string reason = entry.text("reason");
  if (reason.empty()) return entry.error("has no reason");
  auto& to = registry.reasons[static_cast<std::size_t>(it - places.begin())];
  for (std::string& words : entry.texts("words")) {
    if (words.empty()) return entry.error(fmt::format("'{}': words without any", reason));
    to.push_back({.reason = reason, .words = base::ascii_lower(words)});
  }
  return {};
}

// Takes a pattern (or the words of a reason) out, wherever it stands: the reading without it.
Status read_drop(const Entry& entry, Registry& registry) {
  const std::string text = entry.text("re");
  const auto same = [&](const Pattern& pattern) { return pattern.re == text; };
  std::size_t dropped = 0;
  for (Concept& one : registry.concepts) {
    dropped += std::erase_if(one.patterns, same) + std::erase_if(one.pages, same);
  }
  for (BlockList& one : registry.lists) {
    dropped += std::erase_if(one.names, same) + std::erase_if(one.pages, same);
  }
  for (Provider& one : registry.providers) {
    dropped += std::erase_if(one.marks, same);
    dropped += std::erase_if(one.replies, [&](const auto& reply) { return same(reply.pattern); });
  }
  dropped += std::erase_if(registry.markers, [&](const auto& one) { return same(one.pattern); });
  for (auto& words : registry.reasons) {
    dropped += std::erase_if(words, [&](const ReasonWords& one) { return one.words == text; });
  }
  if (dropped == 0) return entry.error(fmt::format("'{}' is no pattern of the registry", text));
  return {};
}

Status read_table(const Entry& entry, Registry& registry) {
  if (entry.kind == "concept") return read_concept(entry, registry);
  if (entry.kind == "meaning") return read_meaning_into(entry, registry.meanings);
  if (entry.kind == "class") return read_meaning_into(entry, registry.classes);
  if (entry.kind == "list" || entry.kind == "list_name") return read_list(entry, registry);
  if (entry.kind == "provider") return read_provider(entry, registry);
  if (entry.kind == "marker") return read_marker(entry, registry);
  if (entry.kind == "reason") return read_reason(entry, registry);
  if (entry.kind == "drop") return read_drop(entry, registry);
  // For the watch of lists, which reads these tables itself.
  if (entry.kind == "answer_rule" || entry.kind == "health_rule") return {};
  return entry.error("is not a table this registry knows");
}

Status read_source(const RegistrySource& source, Registry& registry) {
  if (source.text.size() > max_registry_bytes) {
    return Error{ErrorCode::too_large, fmt::format("{}: {} bytes, at most {} are read", source.name,
                                                   source.text.size(), max_registry_bytes)};
  }
  const toml::table root = toml::parse(source.text, std::string(source.name));
  for (const auto& [key, node] : root) {
    const toml::array* tables = node.as_array();
    if (tables == nullptr) continue;  // schema_version and the like
    for (const toml::node& item : *tables) {
      const toml::table* table = item.as_table();
      if (table == nullptr) continue;
      const Entry entry{.table = *table, .file = source.name, .kind = key.str()};
      if (auto done = read_table(entry, registry); !done) return done;
    }
  }
  return {};
}

// A list's own page names it; a page elsewhere (a checker of many lists) does not, nor does one
// that serves several lists of its operator.
void name_pages(Registry& registry) {
  std::unordered_set<std::string> of_operators;
  for (BlockList& list : registry.lists) {
    if (list.family.empty()) list.family = list.id.substr(0, list.id.find('-'));
    if (list.family_name) of_operators.insert(list.hosts.begin(), list.hosts.end());
  }
  for (BlockList& list : registry.lists) {
    const std::string page = domain_of_url(list.lookup_url);
    if (page.empty() || list.hosts.empty()) continue;
    const std::string house(registered_domain(page));
    if (of_operators.contains(house)) continue;
    if (house == registered_domain(list.hosts.front())) list.hosts.push_back(page);
  }
}

std::size_t pattern_count(const Registry& registry) {
  std::size_t count = registry.markers.size();
  for (const Concept& one : registry.concepts) count += one.patterns.size() + one.pages.size();
  for (const BlockList& one : registry.lists) count += one.names.size() + one.pages.size();
  for (const Provider& one : registry.providers) count += one.marks.size() + one.replies.size();
  for (const auto& words : registry.reasons) count += words.size();
  return count;
}

Status check_limits(const Registry& registry) {
  if (registry.concepts.size() > max_concepts) {
    return Error{ErrorCode::too_large, fmt::format("registry: {} concepts, at most {} fit",
                                                   registry.concepts.size(), max_concepts)};
  }
  if (pattern_count(registry) > max_patterns) {
    return Error{ErrorCode::too_large, fmt::format("registry: {} patterns, at most {} fit",
                                                   pattern_count(registry), max_patterns)};
  }
  return {};
}

// How many bytes of the name of a zone of `outer` end a zone of `inner`, the most; 0: of none.
std::size_t common_zone(const BlockList& inner, const BlockList& outer) {
  std::size_t most = 0;
  for (const std::string& zone : inner.hosts) {
    for (const std::string& whole : outer.hosts) {
      const bool within = zone.size() > whole.size() + 1 && zone.ends_with(whole) &&
                          zone[zone.size() - whole.size() - 1] == '.';
      if (within) most = std::max(most, whole.size());
    }
  }
  return most;
}

// dul.dnsbl.example.org is a part of dnsbl.example.org: of the nearest, where several hold it.
Status find_parts(Registry& registry) {
  std::unordered_set<std::string> ids;
  for (const BlockList& list : registry.lists) ids.insert(list.id);
  for (BlockList& list : registry.lists) {
    if (!list.part_of.empty()) {
      if (ids.contains(list.part_of)) continue;
      return Error{ErrorCode::malformed,
                   fmt::format("registry: list '{}' is part_of '{}', which is "
                               "no list",
                               list.id, list.part_of)};
    }
    std::size_t nearest = 0;
    for (const BlockList& other : registry.lists) {
      if (other.id == list.id || common_zone(other, list) > 0) continue;
      const std::size_t common = common_zone(list, other);
      if (common <= nearest) continue;
      nearest = common;
      list.part_of = other.id;
    }
  }
  return {};
}

}  // namespace

base::Result<Registry> read_registry(std::span<const RegistrySource> sources) {
  Registry registry;
  for (const RegistrySource& source : sources) {
    try {
      if (auto done = read_source(source, registry); !done) return done.error();
    } catch (const toml::parse_error& error) {
      return Error{ErrorCode::malformed,
                   fmt::format("{}:{}: {}", source.name, error.source().begin.line,
                               std::string(error.description()))};
    }
  }
  name_pages(registry);
  if (auto done = find_parts(registry); !done) return done.error();
  if (auto done = check_limits(registry); !done) return done.error();
  return registry;
}

}  // namespace leumund::diagnosis
