// Which provider stands behind a host name or a recipient domain. The longest suffix wins.
//
// Flow:    registry -> table; the resolver that turns a recipient into MX names lives elsewhere.
// Time:    one hash lookup per label.
// Threads: never changes after construction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "diagnosis/registry.h"

namespace leumund::diagnosis {

// Names and the numbers given to them, found by any suffix of whole labels.
class SuffixTable {
 public:
  // The first to claim a name keeps it. Small letters; a leading dot means nothing.
  void add(std::string_view name, std::uint32_t value);
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view host) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> values_;
};

class ProviderTable {
 public:
  explicit ProviderTable(const std::vector<Provider>& providers);

  // By the name of an MX host, small letters: "hotmail-com.olc.protection.outlook.com" is consumer
  // Microsoft, "example-de.mail.protection.outlook.com" is Microsoft 365. A name with an address in
  // it is a customer's machine and no provider's.
  [[nodiscard]] std::optional<std::uint32_t> of_mx(std::string_view host) const;
  // By the recipient's domain, for when no MX is known. Domains move: MX beats this.
  [[nodiscard]] std::optional<std::uint32_t> of_domain(std::string_view domain) const;
  // By a host or page that a reply speaks of.
  [[nodiscard]] std::optional<std::uint32_t> of_named_host(std::string_view host) const;
  [[nodiscard]] std::optional<std::uint32_t> of_id(std::string_view id) const;

 private:
  SuffixTable mx_;
  SuffixTable domains_;
  SuffixTable named_;
  std::unordered_map<std::string, std::uint32_t> ids_;
};

}  // namespace leumund::diagnosis
