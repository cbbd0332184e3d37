// Finds all of many thousand plain texts in one pass (Aho and Corasick 1975).
//
// Flow:    texts -> a tree of their bytes, breadth first, so that the children of a node stand
//          together -> for each node where to go on when no child fits. Nodes near the root, where
//          most bytes of any text are spent, are rows of a table instead.
// Time:    linear in what is read and found, and a few nanoseconds a byte. Building: some ten
//          milliseconds for twenty thousand texts.
// Limits:  21 bytes a node, a node for each different beginning of a text, at most 2^32 - 1.
// Threads: never changes once it is built.
// Errors:  an empty text, or one given twice, is a mistake of ours (CHECK).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leumund::diagnosis {

class TextAutomaton {
 public:
  explicit TextAutomaton(std::span<const std::string> texts);

  // Calls found(index of a text, end) for every text in `where`, ordered by end, and at one end the
  // longest first.
  template <typename Found>
  void scan(std::string_view where, Found&& found) const {
    std::uint32_t node = 0;
    for (std::size_t i = 0; i < where.size(); ++i) {
      node = after(node, static_cast<unsigned char>(where[i]));
      for (std::uint32_t at = nodes_[node].found_at; at != nothing;
           at = nodes_[nodes_[at].fail].found_at) {
        found(text_of_[at], static_cast<std::uint32_t>(i + 1));
      }
    }
  }

  [[nodiscard]] std::size_t node_count() const { return nodes_.size(); }

 private:
  static constexpr std::uint32_t nothing = 0xFFFFFFFF;
  static constexpr std::uint32_t row_depth = 2;  // nodes no deeper than this have rows

  // All that one step asks for; four fit in a cache line.
  struct Node {
    std::uint32_t fail = 0;            // the longest end of what was read that begins a text
    std::uint32_t found_at = nothing;  // this node or the nearest by `fail` where a text ends
    std::uint32_t first_child = 0;
    std::uint16_t children = 0;
    std::uint8_t first_byte = 0;  // leads to the first child; most nodes have no other
  };

  void grow(std::span<const std::string> texts);
  void link();
  [[nodiscard]] std::uint32_t child(const Node& node, unsigned char byte) const {
    if (node.children == 0) return nothing;
    if (node.first_byte == byte) return node.first_child;
    for (std::uint32_t k = 1; k < node.children; ++k) {
      if (byte_[node.first_child + k] == byte) return node.first_child + k;
    }
    return nothing;
  }
  [[nodiscard]] std::uint32_t after(std::uint32_t node, unsigned char byte) const {
    while (node >= row_nodes_) {
      const std::uint32_t next = child(nodes_[node], byte);
      if (next != nothing) return next;
      node = nodes_[node].fail;
    }
    return rows_[node * classes_ + class_of_[byte]];
  }

  std::vector<Node> nodes_;
  std::vector<unsigned char> byte_;            // that leads to a node
  std::vector<std::uint32_t> text_of_;         // the text that ends at a node, or nothing
  std::array<std::uint16_t, 256> class_of_{};  // bytes that are in no text are one class
  std::uint32_t classes_ = 1;
  std::uint32_t row_nodes_ = 0;  // the first so many nodes have rows
  std::vector<std::uint32_t> rows_;
};

}  // namespace leumund::diagnosis
