// As much JSON as claims and keys need. Use your own library instead if you have one.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace keywright::json {

struct Wrong : std::runtime_error {
    Wrong() : std::runtime_error("not the JSON that was expected") {}
};

struct Value {
    enum class Kind { null, boolean, number, text, list, object };
    Kind kind = Kind::null;
    bool yes = false;
    std::string text;  // UTF-8; of a number, its digits as they were written: 7.5 is no count
    std::vector<Value> items;
    std::map<std::string, Value> members;

    bool is_null() const { return kind == Kind::null; }

    // What must be there, of that kind; otherwise Wrong is thrown.
    const Value& at(const std::string& name) const {
        auto found = as(Kind::object).members.find(name);
        if (found == members.end()) throw Wrong();
        return found->second;
    }
    const std::string& string() const { return as(Kind::text).text; }
    const std::vector<Value>& list() const { return as(Kind::list).items; }
    const std::map<std::string, Value>& object() const { return as(Kind::object).members; }
    bool boolean() const { return as(Kind::boolean).yes; }
    std::uint64_t count() const {
        const std::string& digits = as(Kind::number).text;
        if (digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos)
            throw Wrong();
        return std::stoull(digits);
    }

private:
    const Value& as(Kind wanted) const {
        if (kind != wanted) throw Wrong();
        return *this;
    }
};

class Reader {
public:
    static Value read(std::string_view text) {
        Reader reader(text);
        Value value = reader.value(0);
        reader.skip();
        if (reader.at_ != text.size()) throw Wrong();
        return value;
    }

private:
    explicit Reader(std::string_view text) : text_(text) {}

    Value value(int depth) {
        if (depth > 32) throw Wrong();
        skip();
        Value read;
        if (takes("{")) {
            read.kind = Value::Kind::object;
            while (!ends("}", read.members.empty())) {
                skip();
                std::string name = string();
                skip();
                if (!takes(":")) throw Wrong();
                read.members[name] = value(depth + 1);
            }
        } else if (takes("[")) {
            read.kind = Value::Kind::list;
            while (!ends("]", read.items.empty())) read.items.push_back(value(depth + 1));
        } else if (peek() == '"') {
            read.kind = Value::Kind::text;
            read.text = string();
        } else if (takes("true") || takes("false")) {
            read.kind = Value::Kind::boolean;
            read.yes = text_[at_ - 2] == 'u';
        } else if (!takes("null")) {
            read.kind = Value::Kind::number;
            read.text = number();
        }
        return read;
    }

    bool ends(std::string_view close, bool first) {
        skip();
        if (takes(close)) return true;
        if (!first && !takes(",")) throw Wrong();
        return false;
    }

    std::string string() {
        if (!takes("\"")) throw Wrong();
        std::string read;
        while (!takes("\"")) {
            char letter = next();
            if (static_cast<unsigned char>(letter) < ' ') throw Wrong();
            if (letter == '\\') escaped(read);
            else read += letter;
        }
        return read;
    }

    void escaped(std::string& read) {
        char letter = next();
        if (letter != 'u') {
            constexpr std::string_view names = "\"\\/bfnrt", means = "\"\\/\b\f\n\r\t";
            auto which = names.find(letter);
            if (which == names.npos) throw Wrong();
            read += means[which];
            return;
        }
        std::uint32_t code = unit();
        if (code >= 0xD800 && code < 0xDC00) {
            if (!takes("\\u")) throw Wrong();
            std::uint32_t low = unit();
            if (low < 0xDC00 || low > 0xDFFF) throw Wrong();
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else if (code >= 0xDC00 && code <= 0xDFFF) {
            throw Wrong();
        }
        append(read, code);
    }

    static void append(std::string& read, std::uint32_t code) {
        auto add = [&](std::uint32_t bits) { read += static_cast<char>(bits); };
        auto tail = [&](int shift) { add(0x80 | (code >> shift & 0x3F)); };
        if (code < 0x80) return add(code);
        if (code < 0x800) {
            add(0xC0 | code >> 6);
        } else if (code < 0x10000) {
            add(0xE0 | code >> 12);
            tail(6);
        } else {
            add(0xF0 | code >> 18);
            tail(12);
            tail(6);
        }
        tail(0);
    }

    std::uint32_t unit() {
        std::uint32_t code = 0;
        for (int digit = 0; digit < 4; ++digit) {
            char letter = next();
            auto value = std::string_view("0123456789abcdef").find(letter | (letter > '9' ? 32 : 0));
            if (value == std::string_view::npos) throw Wrong();
            code = code << 4 | static_cast<std::uint32_t>(value);
        }
        return code;
    }

    std::string number() {
        auto start = at_;
        auto digits = [&] {
            auto from = at_;
            while (peek() >= '0' && peek() <= '9') ++at_;
            if (at_ == from) throw Wrong();
        };
        takes("-");
        if (!takes("0")) digits();
        if (takes(".")) digits();
        if (takes("e") || takes("E")) {
            if (!takes("+")) takes("-");
            digits();
        }
        return std::string(text_.substr(start, at_ - start));
    }

    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    char next() {
        if (at_ >= text_.size()) throw Wrong();
        return text_[at_++];
    }
    bool takes(std::string_view word) {
        bool there = text_.substr(at_, word.size()) == word;
        if (there) at_ += word.size();
        return there;
    }
    void skip() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

inline Value read(std::string_view text) { return Reader::read(text); }

}  // namespace keywright::json
