#include "diagnosis/text_automaton.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace leumund::diagnosis {

TextAutomaton::TextAutomaton(std::span<const std::string> texts) {
  for (const std::string& text : texts) {
    CHECK(!text.empty());
    for (const char c : text) class_of_[static_cast<unsigned char>(c)] = 1;
  }
  for (std::uint16_t& one : class_of_) {
    if (one != 0) one = static_cast<std::uint16_t>(classes_++);
  }
  grow(texts);
  link();
}

// Sorted, the texts below a node are a range, and its children the parts of that range with the
// same next byte.
void TextAutomaton::grow(std::span<const std::string> texts) {
  struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;  // one behind
  };
  std::vector<std::uint32_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) -> const std::string& { return texts[i]; });
  CHECK(std::ranges::adjacent_find(order, {}, [&](std::uint32_t i) -> const std::string& {
          return texts[i];
        }) == order.end());
  std::vector<Range> level = {{0, static_cast<std::uint32_t>(texts.size())}};
  byte_ = {0};
  text_of_ = {nothing};
  for (std::size_t depth = 0; !level.empty(); ++depth) {
    if (depth <= row_depth) row_nodes_ = static_cast<std::uint32_t>(byte_.size());
    std::vector<Range> below;
    for (const Range& range : level) {
      nodes_.push_back({.first_child = static_cast<std::uint32_t>(byte_.size())});
      for (std::uint32_t at = range.first; at < range.last;) {
        const std::string& text = texts[order[at]];
        const Range same = {
            at, static_cast<std::uint32_t>(
                    std::find_if(order.begin() + at, order.begin() + range.last,
                                 [&](std::uint32_t i) { return texts[i][depth] != text[depth]; }) -
                    order.begin())};
        const bool ends = text.size() == depth + 1;
        byte_.push_back(static_cast<unsigned char>(text[depth]));
        text_of_.push_back(ends ? order[at] : nothing);
        below.push_back({same.first + (ends ? 1U : 0U), same.last});
        at = same.last;
      }
      Node& node = nodes_.back();
      node.children = static_cast<std::uint16_t>(byte_.size() - node.first_child);
      if (node.children > 0) node.first_byte = byte_[node.first_child];
    }
    level = std::move(below);
  }
}

void TextAutomaton::link() {
  rows_.assign(std::size_t{row_nodes_} * classes_, 0);
  const auto row_of = [&](std::uint32_t node) {
    return std::span(rows_).subspan(std::size_t{node} * classes_, classes_);
  };
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {  // breadth first: what fails is done
    Node& node = nodes_[i];
    node.found_at = text_of_[i] != nothing ? i : nodes_[node.fail].found_at;
    if (i > 0 && i < row_nodes_) std::ranges::copy(row_of(node.fail), row_of(i).begin());
    for (std::uint32_t at = node.first_child; at < node.first_child + node.children; ++at) {
      if (i > 0) nodes_[at].fail = after(node.fail, byte_[at]);
      if (i < row_nodes_) row_of(i)[class_of_[byte_[at]]] = at;
    }
  }
}

}  // namespace leumund::diagnosis
