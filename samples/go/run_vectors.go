// Reads the vectors (go run . FILE), prints what differs, fails if anything does.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type vector struct {
	Name, Expect, Fingerprint, Token string
	Now                              time.Time
	Products                         []string
	ReleasedAt                       time.Time `json:"released_at"`
	Seen                             struct {
		Sequences map[string]uint64
		Time      *time.Time
	}
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var published struct {
		Keys    json.RawMessage
		Vectors []vector
	}
	if err := json.Unmarshal(text, &published); err != nil {
		panic(err)
	}
	keys, err := ReadKeys(published.Keys)
	if err != nil {
		panic(err)
	}
	wrong := 0
	for _, each := range published.Vectors {
		seen := Seen{Sequences: each.Seen.Sequences}
		if each.Seen.Time != nil {
			seen.Time = *each.Seen.Time
		}
		place := Place{each.Products, each.Fingerprint, each.ReleasedAt}
		said := "valid"
		if _, err := Verify(each.Token, keys, each.Now, place, seen); err != nil {
			said = err.Error()
		}
		if said != each.Expect {
			wrong++
			fmt.Printf("%s: %s, should be %s\n", each.Name, said, each.Expect)
		}
	}
	count := len(published.Vectors)
	fmt.Printf("go: %d of %d vectors as they should be\n", count-wrong, count)
	if wrong > 0 || count == 0 {
		os.Exit(1)
	}
}
