#include "diagnosis/explain.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include <array>

namespace leumund::diagnosis {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t max_name_bytes = 200;

void read_texts(const toml::table& root, std::string_view key,
                std::unordered_map<std::string, std::string>& out) {
  const toml::table* table = root[key].as_table();
  if (table == nullptr) return;
  for (const auto& [name, value] : *table) {
    out.emplace(std::string(name.str()), value.value_or<std::string>(""));
  }
}

void replace(std::string& text, std::string_view mark, std::string_view with) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    text.replace(at, mark.size(), with);
    at += with.size();
  }
}

}  // namespace

base::Result<std::unique_ptr<Explainer>> Explainer::open(const Registry& registry,
                                                         Language language) {
  std::unique_ptr<Explainer> out(new Explainer);
  try {
    const toml::table root = toml::parse(embedded_explanations(language));
    read_texts(root, "detail", out->details_);
    read_texts(root, "kind", out->kinds_);
    read_texts(root, "fault", out->faults_);
    read_texts(root, "advice", out->advice_);
    read_texts(root, "part", out->parts_);
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::malformed,
                 fmt::format("explanations line {}: {}", error.source().begin.line,
                             std::string(error.description()))};
  }
  for (const Provider& one : registry.providers) out->provider_names_.emplace(one.id, one.name);
  for (const BlockList& one : registry.lists) out->list_names_.emplace(one.id, one.name);
  if (auto done = out->check(); !done) return done.error();
  return out;
}

base::Status Explainer::check() const {
  for (const std::string_view name : advice_names()) {
    if (!advice_.contains(std::string(name))) {
      return Error{ErrorCode::malformed, fmt::format("explanations: no advice '{}'", name)};
    }
  }
  for (std::size_t i = 0; i < kind_count; ++i) {
    const std::string name(kind_name(static_cast<Kind>(i)));
    if (!kinds_.contains(name)) {
      return Error{ErrorCode::malformed, fmt::format("explanations: no kind '{}'", name)};
    }
  }
  for (const char* part : {"who", "who-unknown", "address", "address-unknown", "list", "lookup",
                           "delist", "pool", "dead-list", "for-now"}) {
    if (!parts_.contains(part)) {
      return Error{ErrorCode::malformed, fmt::format("explanations: no part '{}'", part)};
    }
  }
  return {};
}

const std::string& Explainer::sentence(const Texts& texts, const std::string& key) const {
  static const std::string nothing;
  const auto it = texts.find(key);
  return it == texts.end() ? nothing : it->second;
}

std::string Explainer::filled(std::string_view sentence_text, const Diagnosis& diagnosis) const {
  std::string out(sentence_text);
  const auto cut = [](std::string_view text) {
    return std::string(text.substr(0, max_name_bytes));
  };
  std::string who = sentence(provider_names_, diagnosis.provider);
  if (who.empty()) who = cut(diagnosis.remote);
  if (who.empty()) {
    who = sentence(parts_, "who-unknown");
    if (out.starts_with("{who}") && !who.empty() && who.front() >= 'a' && who.front() <= 'z')
      who.front() = static_cast<char>(who.front() - 'a' + 'A');
  }
  std::string lists;
  for (const NamedList& one : diagnosis.lists) {
    const std::string& name = sentence(list_names_, one.id);
    const std::string& provider = sentence(provider_names_, one.id);
    if (!lists.empty()) lists += ", ";
    lists += !name.empty() ? name : !provider.empty() ? provider : cut(one.id);
  }
  const std::string address =
      diagnosis.listed_address.empty()
          ? sentence(parts_, "address-unknown")
          : fmt::format("{} {}", sentence(parts_, "address"), cut(diagnosis.listed_address));
  // The reply's own words go in last, so that a mark inside them is not filled again.
  replace(out, "{who}", who);
  replace(out, "{list}", lists);
  replace(out, "{address}", address);
  replace(out, "{pool}", cut(diagnosis.pool));
  replace(out, "{lookup}", cut(diagnosis.lookup_url));
  replace(out, "{delist}", diagnosis.lists.empty() ? "" : diagnosis.lists.front().delist_url);
  return out;
}

std::string Explainer::explain(const Diagnosis& diagnosis) const {
  std::string out = sentence(details_, diagnosis.detail);
  if (out.empty()) out = sentence(kinds_, std::string(kind_name(diagnosis.kind)));
  const auto add = [&out](const std::string& text) {
    if (text.empty()) return;
    out += ' ';
    out += text;
  };
  const bool blocked = diagnosis.kind == Kind::ip_blocklist_public ||
                       diagnosis.kind == Kind::ip_blocklist_private ||
                       diagnosis.kind == Kind::domain_reputation;
  if (blocked && !diagnosis.lists.empty()) add(sentence(parts_, "list"));
  if (!diagnosis.lists.empty() && diagnosis.lists.front().dead) add(sentence(parts_, "dead-list"));
  if (!diagnosis.pool.empty()) add(sentence(parts_, "pool"));
  if (!diagnosis.permanent && diagnosis.code != 0) add(sentence(parts_, "for-now"));
  add(sentence(faults_, std::string(fault_name(diagnosis.fault))));
  // What came back for good is not tried again by itself.
  const bool back = diagnosis.permanent && diagnosis.advice == "retry-later";
  add(back ? sentence(parts_, "send-again") : sentence(advice_, diagnosis.advice));
  if (!diagnosis.lookup_url.empty()) add(sentence(parts_, "lookup"));
  if (blocked && !diagnosis.lists.empty() && !diagnosis.lists.front().delist_url.empty()) {
    add(sentence(parts_, "delist"));
  }
  return filled(out, diagnosis);
}

}  // namespace leumund::diagnosis
