package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		parts := strings.Split(lines.Text(), "\t")
		headers := http.Header{}
		headers.Set("webhook-id", parts[0])
		headers.Set("webhook-timestamp", parts[1])
		headers.Set("webhook-signature", parts[2])
		body, _ := base64.StdEncoding.DecodeString(parts[3])
		now, _ := strconv.ParseInt(parts[5], 10, 64)
		_, err := Verify(headers, body, strings.Split(parts[4], ","), time.Unix(now, 0))
		if err == nil {
			fmt.Println("genuine")
		} else {
			fmt.Println("forged")
		}
	}
}
