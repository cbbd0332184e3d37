#include "wire/zone_values.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>

namespace leumund::wire {
namespace {

constexpr std::size_t head_bytes = 5;

}  // namespace

ZoneValues::ZoneValues() : starts_(1, 0) {}

std::uint32_t ZoneValues::intern(const ZoneValue& value) {
  std::string entry(head_bytes, '\0');
  std::memcpy(entry.data(), &value.address, sizeof value.address);
  const std::string_view text = value.text.substr(0, zone_text_bytes_max);
  entry[4] = static_cast<char>(text.size());
  entry += text;
  if (starts_.size() * 2 > slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(entry)&mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (std::string_view(pool_).substr(starts_[slots_[slot]], entry.size()) == entry) {
      return slots_[slot];
    }
  }
  if (pool_.size() + entry.size() > std::numeric_limits<std::uint32_t>::max() ||
      starts_.size() >= zone_ignore) {
    return zone_excluded;
  }
  const auto number = static_cast<std::uint32_t>(starts_.size());
  starts_.push_back(static_cast<std::uint32_t>(pool_.size()));
  pool_ += entry;
  slots_[slot] = number;
  return number;
}

void ZoneValues::grow() {
  slots_.assign(std::max<std::size_t>(64, slots_.size() * 2), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t number = 1; number < starts_.size(); ++number) {
    const std::size_t size = head_bytes + static_cast<unsigned char>(pool_[starts_[number] + 4]);
    const std::string_view entry = std::string_view(pool_).substr(starts_[number], size);
    std::size_t slot = std::hash<std::string_view>{}(entry)&mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = number;
  }
}

ZoneValue ZoneValues::at(std::uint32_t number) const {
  ZoneValue value;
  const char* entry = pool_.data() + starts_[number];
  std::memcpy(&value.address, entry, sizeof value.address);
  value.text = {entry + head_bytes, static_cast<unsigned char>(entry[4])};
  return value;
}

void ZoneValues::finish() {
  slots_ = std::vector<std::uint32_t>();  // "= {}" would keep its memory
  pool_.shrink_to_fit();
  starts_.shrink_to_fit();
}

std::size_t ZoneValues::memory_bytes() const {
  return pool_.capacity() + (starts_.capacity() + slots_.capacity()) * sizeof(std::uint32_t);
}

std::size_t expand_zone_text(std::string_view text, std::string_view listed,
                             const ZoneTemplates& templates,
                             std::array<char, zone_text_bytes_max>& out) {
  std::string_view own = listed;  // what $= stands for
  std::string_view left = text;
  if (text.starts_with('=')) {
    left.remove_prefix(1);
    own = left;
  } else if (templates.base) {
    if (!text.empty()) own = text;
    left = *templates.base;
  } else {
    own = text;
  }
  std::size_t written = 0;
  const auto put = [&](std::string_view part) {
    part = part.substr(0, out.size() - written);
    std::copy(part.begin(), part.end(), out.begin() + static_cast<std::ptrdiff_t>(written));
    written += part.size();
  };
  while (written < out.size()) {
    const std::size_t dollar = left.find('$');
    put(left.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    left.remove_prefix(dollar + 1);
    const char next = left.empty() ? '\0' : left.front();
    if (next == '$') {
      put("$");
    } else if (next >= '0' && next <= '9') {
      const auto& variable = templates.variables[static_cast<std::size_t>(next - '0')];
      const char unset[2] = {'$', next};
      put(variable ? std::string_view(*variable) : std::string_view(unset, 2));
    } else if (next == '=') {
      put(own);
    } else {
      put(listed);
      continue;  // nothing was taken behind the sign
    }
    left.remove_prefix(1);
  }
  return written;
}

}  // namespace leumund::wire
