// Verifies a ledger's directory with Go's own packages for its checksum database, and none of our code: the checkpoint's signature, the root
// recomputed from the entry bundles, and the signatures of the segments' manifests (docs/trust.md).
//
//	apt-get install golang-go golang-golang-x-mod-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go run stranger.go KEY DIRECTORY
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// open answers the lines of a note that the key signed.
func open(file string, known note.Verifiers) []string {
	signed, err := note.Open(read(file), known)
	if err != nil {
		log.Fatalf("%s: %v", file, err)
	}
	return strings.Split(signed.Text, "\n")
}

func read(file string) []byte {
	data, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

// bundle answers up to 256 entries, from the full file or from the partial one of that width.
func bundle(directory string, number, width int64) (entries [][]byte) {
	path := fmt.Sprintf("%03d", number%1000)
	for rest := number / 1000; rest > 0; rest /= 1000 {
		path = fmt.Sprintf("x%03d/%s", rest%1000, path)
	}
	file := filepath.Join(directory, "tile/entries", path)
	if _, err := os.Stat(file); err != nil {
		file = fmt.Sprintf("%s.p/%d", file, width)
	}
	for data := read(file); int64(len(entries)) < width; {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			log.Fatalf("%s ends inside an entry", file)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries, data = append(entries, data[2:end]), data[end:]
	}
	return entries
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: stranger KEY DIRECTORY")
	}
	key, err := note.NewVerifier(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	known, directory := note.VerifierList(key), os.Args[2]
	checkpoint := open(filepath.Join(directory, "checkpoint"), known)
	size, err := strconv.ParseInt(checkpoint[1], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	var stored []tlog.Hash
	hashes := tlog.HashReaderFunc(func(indexes []int64) (found []tlog.Hash, _ error) {
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for at := int64(0); at < size; {
		width := size - at
		if width > 256 {
			width = 256
		}
		for _, entry := range bundle(directory, at/256, width) {
			more, err := tlog.StoredHashes(at, entry, hashes)
			if err != nil {
				log.Fatal(err)
			}
			stored, at = append(stored, more...), at+1
		}
	}
	root, err := tlog.TreeHash(size, hashes)
	if err != nil {
		log.Fatal(err)
	}
	if root.String() != checkpoint[2] {
		log.Fatalf("the entries have the root %s, %s was signed", root, checkpoint[2])
	}
	manifests, _ := filepath.Glob(filepath.Join(directory, "segment", "*.note"))
	for _, manifest := range manifests {
		if origin := open(manifest, known)[1]; origin != checkpoint[0] {
			log.Fatalf("%s is of the log %s", manifest, origin)
		}
	}
	fmt.Printf("%s: %d entries, root %s recomputed, checkpoint and %d manifests signed by %s\n", checkpoint[0], size, root, len(manifests), key.Name())
}
